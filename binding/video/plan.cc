#include "video/plan.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tubelet::video {

std::vector<Target> targetsOf(const std::vector<std::size_t>& frameOfSlot, const Timeline& timeline) {
  std::map<std::size_t, std::vector<int>> slotsOfFrame;
  for (std::size_t slot = 0; slot < frameOfSlot.size(); ++slot) {
    slotsOfFrame[frameOfSlot[slot]].push_back(static_cast<int>(slot));
  }
  std::vector<Target> targets;
  for (auto& [index, slots] : slotsOfFrame) targets.push_back({index, std::move(slots)});
  std::ranges::sort(targets, {}, [&](const Target& target) { return timeline.order(timeline.frames[target.index]); });
  return targets;
}

bool Run::wants(std::int64_t order) const {
  return std::ranges::binary_search(wanted, order);
}

Run firstRun(std::span<const Target> targets, const Timeline& timeline, bool neighbours) {
  Run run;
  std::int64_t last = -1;
  for (const Target& target : targets) {
    const std::size_t end = timeline.frames.size() - 1;
    const std::size_t from = neighbours && target.index > 0 ? target.index - 1 : target.index;
    const std::size_t to = neighbours ? std::min(target.index + 1, end) : target.index;
    const Timeline::Restart& restart = timeline.restartFor(timeline.order(timeline.frames[from]));
    if (run.targets == 0) {
      run.restart = restart;
    } else if ((timeline.byRank ? restart.rank : restart.place) > last) {
      break;
    }
    for (std::size_t i = from; i <= to; ++i) {
      last = std::max(last, timeline.frames[i].place);
      run.wanted.push_back(timeline.order(timeline.frames[i]));
    }
    ++run.targets;
  }
  std::ranges::sort(run.wanted);
  if (!timeline.byRank) run.lastPlace = last;
  return run;
}

}  // namespace tubelet::video

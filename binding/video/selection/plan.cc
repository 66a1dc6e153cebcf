#include "video/selection/plan.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace tubelet::video {

std::vector<Target> targetsOf(const std::vector<std::size_t>& frameOfSlot, const Timeline& timeline, int firstSlot) {
  std::vector<std::size_t> slots(frameOfSlot.size());
  std::iota(slots.begin(), slots.end(), std::size_t{0});
  std::ranges::sort(slots, {}, [&](std::size_t slot) {
    const std::size_t index = frameOfSlot[slot];
    return std::tuple(timeline.order(timeline.frames[index]), index, slot);
  });
  std::vector<Target> targets;
  for (const std::size_t slot : slots) {
    if (targets.empty() || targets.back().index != frameOfSlot[slot]) targets.push_back({frameOfSlot[slot], {}});
    targets.back().slots.push_back(firstSlot + static_cast<int>(slot));
  }
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

#include "video/container/timeline.h"

#include <algorithm>
#include <iterator>

namespace tubelet::video {

double Timeline::seconds(std::int64_t at) const {
  return static_cast<double>(at - frames.front().pts) * av_q2d(timeBase);
}

std::vector<double> Timeline::times() const {
  std::vector<double> all;
  all.reserve(frames.size());
  for (const Frame& frame : frames) all.push_back(seconds(frame.pts));
  return all;
}

double Timeline::end(std::size_t index) const {
  return seconds(index + 1 < frames.size() ? frames[index + 1].pts : frames[index].pts + lastDuration);
}

const Timeline::Restart& Timeline::restartFor(std::int64_t order) const {
  const auto after = std::partition_point(restarts.begin() + 1, restarts.end(), [&](const Restart& restart) {
    return (byRank ? restart.rank : restart.pts) <= order;
  });
  return *std::prev(after);
}

const Timeline::Restart& Timeline::before(const Restart& restart, std::ptrdiff_t count) const {
  const auto place = std::ranges::lower_bound(restarts, restart.place, {}, &Restart::place);
  return *(place - std::min(count, place - restarts.begin()));
}

}  // namespace tubelet::video

#include "video/selection/windows.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "engine/error.h"
#include "video/common/text.h"
#include "video/selection/sampler.h"

namespace tubelet::video {
namespace {

/// As the sampler's: ends are sums of rounded numbers.
constexpr double kTolerance = 1e-6;

/// A hundred hours in steps of more than five seconds.
constexpr std::size_t kMostWindows = 65'536;

/// A window that the end cuts short counts from this fraction of its length on.
constexpr double kLeastPart = 0.5;

void check(const Windows& windows) {
  const auto positive = [](double seconds) { return std::isfinite(seconds) && seconds > 0; };
  if (positive(windows.length) && positive(windows.stride)) return;
  throw Error(ErrorCode::InvalidArgument, "Windows need a length and a stride of more than 0 seconds.");
}

Error tooMany(double seconds, const Windows& windows) {
  return {ErrorCode::InvalidArgument, "Windows every " + secondsText(windows.stride) + " of " + secondsText(seconds) +
                                          " would be more than " + std::to_string(kMostWindows) +
                                          ". Take a longer stride, or a part of the video with start and end."};
}

}  // namespace

std::vector<Range> windowsOf(const Windows& windows, const Sampling& sampling, double begin, double end) {
  check(windows);
  const double first = std::max(sampling.start, begin);
  const double last = std::min(sampling.end.value_or(end), end);

  std::vector<Range> ranges;
  for (std::size_t k = 0;; ++k) {
    const double start = first + static_cast<double>(k) * windows.stride;
    const double whole = start + windows.length;
    const bool isWhole = whole <= last + kTolerance;
    if (!isWhole && !ranges.empty()) {
      const bool isCovered = ranges.back().end >= last - kTolerance;
      const bool isLongEnough = last - start >= windows.length * kLeastPart;
      if (isCovered || !isLongEnough) return ranges;
    }
    if (ranges.size() == kMostWindows) throw tooMany(last - first, windows);
    ranges.push_back({start, isWhole || last <= start ? whole : last});
    if (!isWhole) return ranges;
  }
}

void checkWindowSampling(const Sampling& sampling) {
  using Mode = Sampling::Mode;
  const bool byRule =
      sampling.mode == Mode::Trained || sampling.mode == Mode::Spread || sampling.mode == Mode::Consecutive;
  if (!byRule) throw Error(ErrorCode::InvalidArgument, "Windows are sampled by a rule, not a list or a protocol.");
  checkSampling(sampling);
}

Sampling within(const Sampling& sampling, const Range& window) {
  Sampling part = sampling;
  part.start = window.start;
  part.end = window.end;
  return part;
}

void ShiftingSink::frame(std::span<const int> slots, const Picture& picture) {
  std::vector<int> shifted(slots.begin(), slots.end());
  for (int& slot : shifted) slot += first_;
  next_.frame(shifted, picture);
}

}  // namespace tubelet::video

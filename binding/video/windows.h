#pragma once

#include <vector>

#include "video/clip.h"

namespace tubelet::video {

/// Windows of one length at equal distances, in seconds.
struct Windows {
  double length = 0;
  double stride = 0;
};

/// A part of a video, as `start` and `end` of a Sampling.
struct Range {
  double start = 0;
  double end = 0;
};

/// The windows of the part that `sampling` asks for of a video from `begin` to `end`, ascending; docs/windows.md has
/// the rule. At least one, whatever the part: where there is no such part, reading that window says so. Throws
/// Error(INVALID_ARGUMENT) for lengths that are none, and for more than 65536 windows.
std::vector<Range> windowsOf(const Windows& windows, const Sampling& sampling, double begin, double end);

/// `sampling` of one window.
Sampling within(const Sampling& sampling, const Range& window);

}  // namespace tubelet::video

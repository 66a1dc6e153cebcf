#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "video/common/clip.h"

namespace tubelet::video {

/// The frames of a clip, or of several, as indexes into the timeline.
struct Sample {
  std::vector<std::size_t> frames;  ///< one per slot, clip after clip
  bool repeated = false;            ///< a frame fills more than one slot of a clip
  bool tooShort = false;            ///< the video, or the part of it to sample, is shorter than the clip should be
};

/// How many slots there are in all clips.
std::size_t slotCount(const Sampling& sampling);

/// Throws Error(INVALID_ARGUMENT) for what is wrong for any video: no slots, invalid numbers, an empty range.
void checkSampling(const Sampling& sampling);

/// The frame for each slot. docs/sampling.md has the formulas.
///
/// `times`: seconds from the start of each frame, ascending, the first 0; at least one. `end`: when the last of them
/// ends. Throws Error(INVALID_ARGUMENT), naming what would be valid, for a time, an index or a range that the video
/// does not have. `sampling` must have passed checkSampling().
Sample sampleFrames(const Sampling& sampling, std::span<const double> times, double end);

}  // namespace tubelet::video

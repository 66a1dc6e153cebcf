#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "video/clip.h"

namespace tubelet::video {

/// The frame for each slot of a clip: indexes into `times`, `sampling.frames` of them. docs/sampling.md has the
/// formulas.
///
/// `times`: seconds from the start of each frame, ascending, the first 0; at least one.
std::vector<std::size_t> sampleFrames(const Sampling& sampling, std::span<const double> times);

}  // namespace tubelet::video

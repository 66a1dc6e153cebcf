#pragma once

#include <cstddef>
#include <vector>

#include "video/common/clip.h"

namespace tubelet::video {

/// The frames of the clips of a published test protocol, as positions in a video.
struct Positions {
  std::vector<double> frames = {};  ///< one per slot, clip after clip; from 0 up to the last frame
  bool tooShort = false;            ///< the video is shorter than a clip should be
};

/// Whether the protocol counts in frames of a video of `fps` a second, and not in the video's own.
bool countsNominally(Sampling::Protocol protocol);

/// The positions in a video of `count` frames, at least one. docs/sampling.md has the formulas.
Positions protocolPositions(const Sampling& sampling, std::size_t count);

}  // namespace tubelet::video

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/cancellation.h"
#include "video/common/clip.h"

namespace tubelet::video {

/// Frames that somebody else has decoded: upright pictures of one size.
struct RawFrames {
  std::span<const std::uint8_t> data;  ///< must outlive the reading; [frames, height, width, channels], rows packed
  int width = 0;
  int height = 0;
  int channels = 3;                ///< 1: gray; 3: RGB; 4: RGBA, alpha not multiplied in, shown over black
  std::vector<double> timestamps;  ///< seconds, one a frame; in any order
  double end = 0;                  ///< seconds: when the frame shown last gives way
};

/// Hands the frames that `sampling` picks to `sink`, by the rules of readClip. Frames count in the order in which they
/// are shown, those of one time as they lie in `data`. Times are the caller's own: the first frame need not be at 0.
/// Of the options only limits play a part.
/// Throws Error (INVALID_ARGUMENT, LIMIT_EXCEEDED, TIMEOUT) or Cancelled.
ClipInfo readRawFrames(const RawFrames& frames, const Sampling& sampling, const ReadOptions& options, FrameSink& sink,
                       const CancelToken& token);

}  // namespace tubelet::video

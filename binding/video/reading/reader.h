#pragma once

#include "engine/cancellation.h"
#include "video/common/clip.h"
#include "video/container/source.h"

namespace tubelet::video {

/// Reads the frames that `sampling` picks from the video in `source` and hands them to `sink`.
///
/// Scans packets without decoding where the sampling needs the timeline, then decodes only what is needed, in one pass.
/// Throws Error (INVALID_ARGUMENT, READ_FAILED, NOT_A_VIDEO, NO_VIDEO_STREAM, UNSUPPORTED_VIDEO, CORRUPT_VIDEO,
/// TRUNCATED_VIDEO, LIMIT_EXCEEDED, TIMEOUT) or Cancelled.
ClipInfo readClip(Source& source, const Sampling& sampling, const ReadOptions& options, FrameSink& sink,
                  const CancelToken& token);

}  // namespace tubelet::video

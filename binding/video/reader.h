#pragma once

#include <string>

#include "engine/cancellation.h"
#include "video/clip.h"

namespace tubelet::video {

/// Reads the frames that `sampling` picks from the video file at `path` and hands them to `sink`.
///
/// Opens the file itself (libav never opens a name), scans packets without decoding where the sampling needs the
/// timeline, then decodes only what is needed, in one pass.
/// Throws Error (FILE_NOT_FOUND, READ_FAILED, NOT_A_VIDEO, NO_VIDEO_STREAM, UNSUPPORTED_VIDEO, CORRUPT_VIDEO,
/// TRUNCATED_VIDEO, LIMIT_EXCEEDED, TIMEOUT) or Cancelled.
ClipInfo readClip(const std::string& path, const Sampling& sampling, const Limits& limits, FrameSink& sink,
                  const CancelToken& token);

}  // namespace tubelet::video

#pragma once

#include "video/libav.h"

namespace tubelet::video {

/// Makes one progressive frame of the two fields of an interlaced one.
class Deinterlacer {
 public:
  explicit Deinterlacer(const AVStream& stream);

  /// Whether a decoded frame is flagged as interlaced.
  static bool needed(const AVFrame& target);

  /// The target as a progressive frame; the frames shown just before and after it are null at the ends of the video.
  FramePtr deinterlace(const AVFrame* previous, const AVFrame& target, const AVFrame* next);
};

}  // namespace tubelet::video

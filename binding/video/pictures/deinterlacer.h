#pragma once

#include "video/common/libav.h"

namespace tubelet::video {

/// Makes whole pictures of interlaced ones with libavfilter's bwdif, one frame for one frame, as the ffmpeg program's
/// `bwdif=mode=send_frame:deint=interlaced` does it: the lines of the field that comes first stay, the others are
/// interpolated from it and from the neighbours in time. Not thread-safe.
class Deinterlacer {
 public:
  explicit Deinterlacer(const AVStream& stream) : timeBase_(stream.time_base) {}

  /// The frame is marked as interlaced and has enough lines to separate its fields.
  static bool needed(const AVFrame& target);

  /// `previous` and `next`: the frames before and after in order of presentation; null at the ends of the video.
  /// What comes back has the target's time; it is the target itself where nothing is needed(). Throws
  /// Error(UNSUPPORTED_VIDEO) for a pixel format that the filter cannot be given.
  FramePtr deinterlace(const AVFrame* previous, const AVFrame& target, const AVFrame* next);

 private:
  AVRational timeBase_;
};

}  // namespace tubelet::video

#include "video/deinterlacer.h"

#include <new>

namespace tubelet::video {

Deinterlacer::Deinterlacer([[maybe_unused]] const AVStream& stream) {}

bool Deinterlacer::needed(const AVFrame& target) {
  return isInterlaced(target);
}

FramePtr Deinterlacer::deinterlace([[maybe_unused]] const AVFrame* previous, const AVFrame& target,
                                   [[maybe_unused]] const AVFrame* next) {
  FramePtr frame(av_frame_clone(&target));
  if (!frame) throw std::bad_alloc();
  return frame;
}

}  // namespace tubelet::video

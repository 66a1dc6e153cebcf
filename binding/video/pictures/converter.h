#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "video/common/clip.h"
#include "video/common/geometry.h"
#include "video/common/libav.h"
#include "video/container/demuxer.h"
#include "video/pictures/scaler.h"

namespace tubelet::video {

/// Turns decoded frames into packed, upright RGB pictures of square pixels, in the colours that the frame itself says;
/// what is done in which order, and where each rule comes from: docs/pictures.md. Every picture has the size of the
/// first. Not thread-safe.
class Converter {
 public:
  /// `demuxer` and `options` must outlive this.
  Converter(const Demuxer& demuxer, const ReadOptions& options)
      : demuxer_(demuxer), options_(options), limits_(options.limits) {}

  /// Valid until the next call. Throws Error: UNSUPPORTED_VIDEO (a pixel format that libav does not convert) or
  /// LIMIT_EXCEEDED (too many pixels).
  Picture convert(AVFrame& frame);

 private:
  void checkPixels(Size size) const;
  /// RGB of 8 bits, of the size `to`, not yet upright.
  Scaler::Rows toRgb(const AVFrame& frame, Size to);
  Picture orient(const Scaler::Rows& stored, Size size, const Orientation& orientation);

  const Demuxer& demuxer_;
  const ReadOptions& options_;
  const Limits& limits_;
  std::optional<Size> shown_;  ///< of every picture, upright
  Scaler scaler_;
  std::vector<std::uint8_t> packed_;
};

}  // namespace tubelet::video

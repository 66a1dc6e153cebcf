#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "video/clip.h"
#include "video/demuxer.h"
#include "video/geometry.h"
#include "video/libav.h"

namespace tubelet::video {

/// Turns decoded frames into packed, upright RGB pictures of square pixels, in the colours that the frame itself says
/// (matrix and range; BT.601 limited where it says nothing, as ffmpeg takes it). Every picture has the size of the
/// first. Not thread-safe.
class Converter {
 public:
  /// `demuxer` and `options` must outlive this.
  Converter(const Demuxer& demuxer, const ReadOptions& options)
      : demuxer_(demuxer), options_(options), limits_(options.limits) {}

  /// Valid until the next call. Throws Error: UNSUPPORTED_VIDEO (a pixel format that libav does not convert) or
  /// LIMIT_EXCEEDED (too many pixels).
  Picture convert(AVFrame& frame);

  /// A frame so far had another size than the first and was scaled to it.
  bool sizeChanged() const { return sizeChanged_; }

 private:
  /// What a scaler is made for.
  struct Setup {
    Size from;
    Size to;
    int format = AV_PIX_FMT_NONE;
    int matrix = AVCOL_SPC_UNSPECIFIED;
    int range = AVCOL_RANGE_UNSPECIFIED;

    bool operator==(const Setup& other) const;
  };

  void checkPixels(Size size) const;
  void setUp(const Setup& setup);
  void scale(const AVFrame& frame, Size to);
  Picture orient(Size size, const Orientation& orientation);

  const Demuxer& demuxer_;
  const ReadOptions& options_;
  const Limits& limits_;
  std::optional<Size> shown_;  ///< of every picture, upright
  bool sizeChanged_ = false;
  Setup setup_;
  SwsContextPtr scaler_;
  /// Rows with a stride that libswscale's vector code may overrun.
  std::unique_ptr<std::uint8_t, FreeByPointer<av_free>> padded_;
  std::size_t paddedBytes_ = 0;
  int stride_ = 0;
  std::vector<std::uint8_t> packed_;
};

}  // namespace tubelet::video

#pragma once

#include <cstdint>

#include "video/common/geometry.h"
#include "video/common/libav.h"

namespace tubelet::video {

/// Converts pictures of any pixel format to RGB and scales them, both with libswscale in one step. Not thread-safe.
class Scaler {
 public:
  /// What comes out: RGB24, RGBA, RGB48 or RGBA64.
  struct Output {
    Size size;
    AVPixelFormat format = AV_PIX_FMT_RGB24;
    int matrix = AVCOL_SPC_BT470BG;  ///< of the picture that goes in, where it is YCbCr: one that libswscale knows

    bool operator==(const Output& other) const = default;
  };
  /// Rows that begin `stride` bytes after each other; valid until the next call.
  struct Rows {
    std::uint8_t* data;
    int stride;
  };

  /// No data: libswscale does not convert this pixel format.
  Rows scale(const AVFrame& frame, const Output& output);

 private:
  /// What a context is made for.
  struct Setup {
    Size from;
    int format = AV_PIX_FMT_NONE;
    int range = AVCOL_RANGE_UNSPECIFIED;
    int chromaLocation = AVCHROMA_LOC_UNSPECIFIED;
    Output to;

    bool operator==(const Setup& other) const = default;
  };
  struct Stage {
    Setup setup;
    SwsContextPtr context;

    /// False: libswscale does not convert this.
    bool run(const AVFrame& frame, const Output& output, std::uint8_t* const planes[], const int strides[]);
    void setUp(const Setup& wanted);
  };

  /// The frame with a colour sample for every pixel, at 16 bits; null: libswscale does not convert it.
  const AVFrame* withFullChroma(const AVFrame& frame, const Output& output);

  /// Gives `frame` this size and format, unless it has them.
  static void makeRoom(FramePtr& frame, Size size, AVPixelFormat format);

  Stage chroma_;
  FramePtr fullChroma_;
  Stage rgb_;
  FramePtr result_;
};

}  // namespace tubelet::video

#include "video/pictures/alpha.h"

namespace tubelet::video {

bool hasAlpha(AVPixelFormat format) {
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
  return descriptor && (descriptor->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
}

void layOverBlack(const std::uint8_t* rgba, std::uint8_t* rgb, std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i, rgba += 4, rgb += 3) {
    const unsigned alpha = rgba[3];
    for (std::size_t channel = 0; channel < 3; ++channel) {
      rgb[channel] = static_cast<std::uint8_t>((rgba[channel] * alpha + 127) / 255);
    }
  }
}

}  // namespace tubelet::video

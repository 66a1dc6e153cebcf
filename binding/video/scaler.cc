#include "video/scaler.h"

#include <new>
#include <utility>

namespace tubelet::video {
namespace {

constexpr int kAlignment = 64;

/// The algorithm for what has to be scaled or has odd heights. Without SWS_ACCURATE_RND and SWS_FULL_CHR_H_INT
/// libswscale takes its fast 4:2:0 path, whose colour edges are a little coarser and whose levels are up to two off: it
/// is what the published checkpoints saw in training (decord, PyAV and torchcodec all take it), and several times as
/// fast.
constexpr int kFlags = SWS_BILINEAR;
/// For 16 bits, which go on to be calculated with: the fast path would give two neighbours one colour.
constexpr int kExactFlags = SWS_BILINEAR | SWS_FULL_CHR_H_INT | SWS_ACCURATE_RND;

bool isDeep(AVPixelFormat output) {
  return output == AV_PIX_FMT_RGB48 || output == AV_PIX_FMT_RGBA64;
}

int bytesOfPixel(AVPixelFormat output) {
  return av_get_bits_per_pixel(av_pix_fmt_desc_get(output)) / 8;
}

/// Where the colour samples lie, in 256ths of a pixel from the first pixel's left or top. libswscale's own default is
/// the middle; BT.2020 and H.273 say left for pictures that say nothing.
void placeChroma(SwsContext& context, const AVPixFmtDescriptor& format, int location) {
  constexpr int kMiddle = 128;
  const bool middle =
      location == AVCHROMA_LOC_CENTER || location == AVCHROMA_LOC_TOP || location == AVCHROMA_LOC_BOTTOM;
  const bool top = location == AVCHROMA_LOC_TOPLEFT || location == AVCHROMA_LOC_TOP;
  const bool bottom = location == AVCHROMA_LOC_BOTTOMLEFT || location == AVCHROMA_LOC_BOTTOM;
  if (format.log2_chroma_w == 1) av_opt_set_int(&context, "src_h_chr_pos", middle ? kMiddle : 0, 0);
  if (format.log2_chroma_h == 1) {
    av_opt_set_int(&context, "src_v_chr_pos", top ? 0 : bottom ? 2 * kMiddle : kMiddle, 0);
  }
}

}  // namespace

void Scaler::setUp(const Setup& setup) {
  if (context_ && setup == setup_) return;
  context_.reset();
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(setup.format));
  if (!format || !sws_isSupportedInput(static_cast<AVPixelFormat>(setup.format))) return;

  SwsContextPtr context(sws_alloc_context());
  if (!context) throw std::bad_alloc();
  const bool deep = isDeep(setup.to.format);
  av_opt_set_int(context.get(), "srcw", setup.from.width, 0);
  av_opt_set_int(context.get(), "srch", setup.from.height, 0);
  av_opt_set_int(context.get(), "src_format", setup.format, 0);
  av_opt_set_int(context.get(), "dstw", setup.to.size.width, 0);
  av_opt_set_int(context.get(), "dsth", setup.to.size.height, 0);
  av_opt_set_int(context.get(), "dst_format", setup.to.format, 0);
  av_opt_set_int(context.get(), "sws_flags", deep ? kExactFlags : kFlags, 0);
  if (deep) placeChroma(*context, *format, setup.chromaLocation);
  if (sws_init_context(context.get(), nullptr, nullptr) < 0) return;
  context_ = std::move(context);
  setup_ = setup;
  if (format->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) return;

  int* inverse = nullptr;
  int* forward = nullptr;
  int fromFull = 0;
  int toFull = 0;
  int brightness = 0;
  int contrast = 0;
  int saturation = 0;
  if (sws_getColorspaceDetails(context_.get(), &inverse, &fromFull, &forward, &toFull, &brightness, &contrast,
                               &saturation) < 0) {
    return;
  }
  // An untagged range stays what the pixel format implies: full for yuvj420p and gray, else limited.
  if (setup.range != AVCOL_RANGE_UNSPECIFIED) fromFull = setup.range == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(context_.get(), sws_getCoefficients(setup.to.matrix), fromFull, forward, toFull, brightness,
                           contrast, saturation);
}

Scaler::Rows Scaler::scale(const AVFrame& frame, const Output& output) {
  setUp({{frame.width, frame.height}, frame.format, frame.color_range, frame.chroma_location, output});
  if (!context_) return {};

  const int stride = (output.size.width * bytesOfPixel(output.format) + kAlignment - 1) / kAlignment * kAlignment;
  const std::size_t bytes =
      static_cast<std::size_t>(stride) * static_cast<std::size_t>(output.size.height) + kAlignment;
  if (bytes > paddedBytes_) {
    padded_.reset(static_cast<std::uint8_t*>(av_malloc(bytes)));
    paddedBytes_ = padded_ ? bytes : 0;
    if (!padded_) throw std::bad_alloc();
  }
  std::uint8_t* const planes[] = {padded_.get(), nullptr, nullptr, nullptr};
  const int strides[] = {stride, 0, 0, 0};
  const int rows = sws_scale(context_.get(), frame.data, frame.linesize, 0, frame.height, planes, strides);
  if (rows != output.size.height) return {};
  return {padded_.get(), stride};
}

}  // namespace tubelet::video

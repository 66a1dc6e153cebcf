#include "video/pictures/scaler.h"

#include <cstring>
#include <new>
#include <utility>

namespace tubelet::video {
namespace {

/// The algorithm for what has to be scaled or has odd heights. Without SWS_ACCURATE_RND and SWS_FULL_CHR_H_INT
/// libswscale takes its fast 4:2:0 path, whose colour edges are a little coarser and whose levels are up to two off: it
/// is what the published checkpoints saw in training (decord, PyAV and torchcodec all take it), and several times as
/// fast.
constexpr int kFlags = SWS_BILINEAR;
/// For 16 bits, which are processed further: the fast path would give two neighbours one colour.
constexpr int kExactFlags = SWS_BILINEAR | SWS_FULL_CHR_H_INT | SWS_ACCURATE_RND;

const AVPixFmtDescriptor* descriptorOf(int format) {
  return av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
}

bool isExact(const AVPixFmtDescriptor& output) {
  return output.comp[0].depth > 8;
}

/// Where the colour samples lie, in 256ths of a pixel from the first pixel's left or top. libswscale's own default is
/// the middle; pictures that do not specify it have them at the left (H.273, type 0).
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

void Scaler::Stage::setUp(const Setup& wanted) {
  if (context && setup == wanted) return;
  context.reset();
  setup = wanted;
  const AVPixFmtDescriptor* from = descriptorOf(setup.format);
  const AVPixFmtDescriptor* to = descriptorOf(setup.to.format);
  if (!from || !to || !sws_isSupportedInput(static_cast<AVPixelFormat>(setup.format))) return;

  SwsContextPtr made(sws_alloc_context());
  if (!made) throw std::bad_alloc();
  av_opt_set_int(made.get(), "srcw", setup.from.width, 0);
  av_opt_set_int(made.get(), "srch", setup.from.height, 0);
  av_opt_set_int(made.get(), "src_format", setup.format, 0);
  av_opt_set_int(made.get(), "dstw", setup.to.size.width, 0);
  av_opt_set_int(made.get(), "dsth", setup.to.size.height, 0);
  av_opt_set_int(made.get(), "dst_format", setup.to.format, 0);
  av_opt_set_int(made.get(), "sws_flags", isExact(*to) ? kExactFlags : kFlags, 0);
  if (isExact(*to)) placeChroma(*made, *from, setup.chromaLocation);
  if (sws_init_context(made.get(), nullptr, nullptr) < 0) return;
  context = std::move(made);
  if (from->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) return;

  int* inverse = nullptr;
  int* forward = nullptr;
  int fromFull = 0;
  int toFull = 0;
  int brightness = 0;
  int contrast = 0;
  int saturation = 0;
  if (sws_getColorspaceDetails(context.get(), &inverse, &fromFull, &forward, &toFull, &brightness, &contrast,
                               &saturation) < 0) {
    return;
  }
  // An untagged range stays what the pixel format implies: full for yuvj420p and gray, else limited.
  if (setup.range != AVCOL_RANGE_UNSPECIFIED) fromFull = setup.range == AVCOL_RANGE_JPEG ? 1 : 0;
  if (!(to->flags & AV_PIX_FMT_FLAG_RGB)) toFull = fromFull;
  const int* matrix = sws_getCoefficients(setup.to.matrix);
  sws_setColorspaceDetails(context.get(), matrix, fromFull, matrix, toFull, brightness, contrast, saturation);
}

bool Scaler::Stage::run(const AVFrame& frame, const Output& output, std::uint8_t* const planes[], const int strides[]) {
  setUp({{frame.width, frame.height}, frame.format, frame.color_range, frame.chroma_location, output});
  if (!context) return false;
  return sws_scale(context.get(), frame.data, frame.linesize, 0, frame.height, planes, strides) == output.size.height;
}

const AVFrame* Scaler::withFullChroma(const AVFrame& frame, const Output& output) {
  const bool alpha = (descriptorOf(frame.format)->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  const AVPixelFormat format = alpha ? AV_PIX_FMT_YUVA444P16 : AV_PIX_FMT_YUV444P16;
  makeRoom(fullChroma_, {frame.width, frame.height}, format);
  fullChroma_->color_range = frame.color_range;
  const Output full{{frame.width, frame.height}, format, output.matrix};
  return chroma_.run(frame, full, fullChroma_->data, fullChroma_->linesize) ? fullChroma_.get() : nullptr;
}

Scaler::Rows Scaler::scale(const AVFrame& frame, const Output& output) {
  const AVPixFmtDescriptor* from = descriptorOf(frame.format);
  const AVPixFmtDescriptor& to = *descriptorOf(output.format);
  const AVFrame* source = &frame;
  // Straight to RGB, libswscale would give every second line of 4:2:0 the colour of the line beside it.
  if (from && from->log2_chroma_h > 0 && isExact(to)) source = withFullChroma(frame, output);
  if (!source) return {};

  makeRoom(result_, output.size, output.format);
  if (!rgb_.run(*source, output, result_->data, result_->linesize)) return {};
  return {result_->data[0], result_->linesize[0]};
}

/// libswscale's vector code writes 8 pixels at a time, and leaves out those at the end of a row whose stride has no
/// room for all 8. libav's own buffers have the room.
void Scaler::makeRoom(FramePtr& frame, Size size, AVPixelFormat format) {
  if (frame && frame->width == size.width && frame->height == size.height && frame->format == format) return;
  frame.reset(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  frame->format = format;
  frame->width = size.width;
  frame->height = size.height;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  // So that pixels that libswscale may skip never show what the memory held before.
  for (const AVBufferRef* buffer : frame->buf) {
    if (buffer) std::memset(buffer->data, 0, buffer->size);
  }
}

}  // namespace tubelet::video

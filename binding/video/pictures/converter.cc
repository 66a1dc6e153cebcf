#include "video/pictures/converter.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "engine/error.h"
#include "video/common/log.h"
#include "video/pictures/alpha.h"
#include "video/pictures/tone_mapper.h"

namespace tubelet::video {
namespace {

constexpr int kChannels = 3;
[[noreturn]] void failIn(const Demuxer& demuxer, const AVFrame& frame) {
  const char* format = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
  throw Error(ErrorCode::UnsupportedVideo,
              "Cannot convert the frames of " + demuxer.source().name() + " from pixel format '" +
                  (format ? format : "unknown") + "' to RGB.",
              recentLog());
}

/// A reference to `frame` without the pixels that the container crops.
FramePtr cropped(const AVFrame& frame, const Cropping& cropping) {
  FramePtr view(av_frame_clone(&frame));
  if (!view) throw std::bad_alloc();
  const Size rest = cropping.remaining({frame.width, frame.height});
  view->crop_top = static_cast<std::size_t>(std::min(cropping.top, frame.height - rest.height));
  view->crop_bottom = static_cast<std::size_t>(frame.height - rest.height) - view->crop_top;
  view->crop_left = static_cast<std::size_t>(std::min(cropping.left, frame.width - rest.width));
  view->crop_right = static_cast<std::size_t>(frame.width - rest.width) - view->crop_left;
  if (av_frame_apply_cropping(view.get(), AV_FRAME_CROP_UNALIGNED) < 0) return FramePtr(av_frame_clone(&frame));
  return view;
}

/// The YCbCr matrix of a frame. Those that libswscale does not know (YCgCo, ICtCp ...) are treated as BT.601, as in the
/// ffmpeg program.
int matrixOf(const AVFrame& frame, ReadOptions::UntaggedMatrix untagged) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return frame.colorspace;
    case AVCOL_SPC_UNSPECIFIED:
      // BT.2100, which defines PQ and HLG, has no other.
      if (ToneMapper::needed(frame)) return AVCOL_SPC_BT2020_NCL;
      return untagged == ReadOptions::UntaggedMatrix::Bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_BT470BG;
    default:
      return AVCOL_SPC_BT470BG;
  }
}

}  // namespace

Picture Converter::convert(AVFrame& frame) {
  const Cropping cropping = Cropping::of(demuxer_.stream());
  const FramePtr view = cropping.any() ? cropped(frame, cropping) : nullptr;
  AVFrame& visible = view ? *view : frame;

  const Size stored{visible.width, visible.height};
  checkPixels(stored);
  const Orientation orientation = Orientation::of(displayMatrix(demuxer_.stream(), &frame));
  Size to = squarePixels(stored, sampleAspectRatio(demuxer_.format(), demuxer_.stream(), &frame));
  checkPixels(to);
  const Size upright = oriented(to, orientation);
  if (!shown_) shown_ = upright;
  const bool rescaled = upright != *shown_;
  if (rescaled) to = oriented(*shown_, orientation);
  Picture picture = orient(toRgb(visible, to), to, orientation);
  picture.toneMapped = ToneMapper::needed(visible);
  picture.rescaled = rescaled;
  return picture;
}

void Converter::checkPixels(Size size) const {
  if (size.pixels() <= limits_.pixels) return;
  throw Error(ErrorCode::LimitExceeded, demuxer_.source().name() + " has frames of " + std::to_string(size.width) +
                                            " x " + std::to_string(size.height) + " pixels; the limit is " +
                                            std::to_string(limits_.pixels) + ". Raise the limit `pixels` to read it.");
}

Scaler::Rows Converter::toRgb(const AVFrame& frame, Size to) {
  const bool alpha = hasAlpha(static_cast<AVPixelFormat>(frame.format));
  const bool bright = ToneMapper::needed(frame);
  AVPixelFormat format = alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
  if (bright) format = alpha ? AV_PIX_FMT_RGBA64 : AV_PIX_FMT_RGB48;
  const Scaler::Rows rows = scaler_.scale(frame, {to, format, matrixOf(frame, options_.untaggedMatrix)});
  if (!rows.data) failIn(demuxer_, frame);

  if (!alpha && !bright) return rows;
  const auto width = static_cast<std::size_t>(to.width);
  std::uint8_t* row = rows.data;
  for (int y = 0; y < to.height; ++y, row += rows.stride) {
    if (bright) ToneMapper(frame).map(reinterpret_cast<const std::uint16_t*>(row), row, width, alpha ? 4 : 3);
    if (alpha) layOverBlack(row, row, width);
  }
  return rows;
}

Picture Converter::orient(const Scaler::Rows& stored, Size size, const Orientation& orientation) {
  const Size upright = oriented(size, orientation);
  const auto width = static_cast<std::size_t>(upright.width);
  const auto height = static_cast<std::size_t>(upright.height);
  const bool turned = orientation.transpose || orientation.flipX || orientation.flipY;
  if (!turned && stored.stride == size.width * kChannels) return {stored.data, size.width, size.height};

  packed_.resize(width * height * kChannels);
  // Steps in the stored picture for one pixel to the right, and one down, in the upright picture.
  std::ptrdiff_t right = orientation.transpose ? stored.stride : kChannels;
  std::ptrdiff_t down = orientation.transpose ? kChannels : stored.stride;
  const std::uint8_t* corner = stored.data;
  if (orientation.flipX) {
    corner += right * (upright.width - 1);
    right = -right;
  }
  if (orientation.flipY) {
    corner += down * (upright.height - 1);
    down = -down;
  }
  std::uint8_t* out = packed_.data();
  for (std::ptrdiff_t y = 0; y < upright.height; ++y) {
    const std::uint8_t* in = corner + y * down;
    if (right == kChannels) {
      std::memcpy(out, in, width * kChannels);
      out += width * kChannels;
      continue;
    }
    for (std::size_t x = 0; x < width; ++x, in += right, out += kChannels) {
      out[0] = in[0];
      out[1] = in[1];
      out[2] = in[2];
    }
  }
  return {packed_.data(), upright.width, upright.height};
}

}  // namespace tubelet::video

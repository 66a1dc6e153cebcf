#include "video/converter.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "engine/error.h"
#include "video/log.h"

namespace tubelet::video {
namespace {

constexpr int kChannels = 3;
constexpr int kAlignment = 64;

/// The algorithm for what has to be scaled or has odd heights. Without SWS_ACCURATE_RND and SWS_FULL_CHR_H_INT
/// libswscale takes its fast 4:2:0 path, whose colour edges are a little coarser and whose levels are up to two off: it
/// is what the published checkpoints saw in training (decord, PyAV and torchcodec all take it), and several times as
/// fast.
constexpr int kScalerFlags = SWS_BILINEAR;

void failIn(const Demuxer& demuxer, const AVFrame& frame) {
  const char* format = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
  throw Error(ErrorCode::UnsupportedVideo,
              "Cannot convert the frames of " + demuxer.source().name() + " from pixel format '" +
                  (format ? format : "unknown") + "' to RGB.",
              recentLog());
}

/// A reference to `frame` without the pixels that the container leaves out.
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

}  // namespace

bool Converter::Setup::operator==(const Setup& other) const {
  return from.width == other.from.width && from.height == other.from.height && to.width == other.to.width &&
         to.height == other.to.height && format == other.format && matrix == other.matrix && range == other.range;
}

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
  if (upright.width != shown_->width || upright.height != shown_->height) {
    sizeChanged_ = true;
    to = oriented(*shown_, orientation);
  }
  scale(visible, to);
  return orient(to, orientation);
}

void Converter::checkPixels(Size size) const {
  if (size.pixels() <= limits_.pixels) return;
  throw Error(ErrorCode::LimitExceeded, demuxer_.source().name() + " has frames of " + std::to_string(size.width) +
                                            " x " + std::to_string(size.height) + " pixels; the limit is " +
                                            std::to_string(limits_.pixels) + ". Raise the limit `pixels` to read it.");
}

void Converter::setUp(const Setup& setup) {
  if (scaler_ && setup == setup_) return;
  scaler_.reset(sws_getContext(setup.from.width, setup.from.height, static_cast<AVPixelFormat>(setup.format),
                               setup.to.width, setup.to.height, AV_PIX_FMT_RGB24, kScalerFlags, nullptr, nullptr,
                               nullptr));
  if (!scaler_) return;
  setup_ = setup;

  int* inverse = nullptr;
  int* forward = nullptr;
  int fromFull = 0;
  int toFull = 0;
  int brightness = 0;
  int contrast = 0;
  int saturation = 0;
  // Fails for formats that have no matrix or range, such as RGB.
  if (sws_getColorspaceDetails(scaler_.get(), &inverse, &fromFull, &forward, &toFull, &brightness, &contrast,
                               &saturation) < 0) {
    return;
  }
  // An untagged range stays what the pixel format implies: full for yuvj420p, else limited.
  if (setup.range != AVCOL_RANGE_UNSPECIFIED) fromFull = setup.range == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(setup.matrix), fromFull, forward, toFull, brightness,
                           contrast, saturation);
}

void Converter::scale(const AVFrame& frame, Size to) {
  setUp({{frame.width, frame.height}, to, frame.format, frame.colorspace, frame.color_range});
  if (!scaler_) failIn(demuxer_, frame);

  stride_ = (to.width * kChannels + kAlignment - 1) / kAlignment * kAlignment;
  const std::size_t bytes = static_cast<std::size_t>(stride_) * static_cast<std::size_t>(to.height) + kAlignment;
  if (bytes > paddedBytes_) {
    padded_.reset(static_cast<std::uint8_t*>(av_malloc(bytes)));
    paddedBytes_ = padded_ ? bytes : 0;
    if (!padded_) throw std::bad_alloc();
  }
  std::uint8_t* const planes[] = {padded_.get(), nullptr, nullptr, nullptr};
  const int strides[] = {stride_, 0, 0, 0};
  const int rows = sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, planes, strides);
  if (rows != to.height) failIn(demuxer_, frame);
}

Picture Converter::orient(Size size, const Orientation& orientation) {
  const Size upright = oriented(size, orientation);
  const auto width = static_cast<std::size_t>(upright.width);
  const auto height = static_cast<std::size_t>(upright.height);
  const bool turned = orientation.transpose || orientation.flipX || orientation.flipY;
  if (!turned && stride_ == size.width * kChannels) return {padded_.get(), size.width, size.height};

  packed_.resize(width * height * kChannels);
  // Steps in the stored picture for one pixel to the right, and one down, in the upright picture.
  std::ptrdiff_t right = orientation.transpose ? stride_ : kChannels;
  std::ptrdiff_t down = orientation.transpose ? kChannels : stride_;
  const std::uint8_t* corner = padded_.get();
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

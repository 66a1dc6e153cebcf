#include "video/common/geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace tubelet::video {
namespace {

constexpr std::size_t kMatrixBytes = 9 * sizeof(std::int32_t);

std::int64_t magnitude(std::int32_t value) {
  return std::abs(std::int64_t{value});
}

}  // namespace

Orientation Orientation::of(const std::int32_t* matrix) {
  if (!matrix) return {};
  // libavutil/display.h: x' = a x + c y, y' = b x + d y.
  const std::int32_t a = matrix[0];
  const std::int32_t b = matrix[1];
  const std::int32_t c = matrix[3];
  const std::int32_t d = matrix[4];
  if (magnitude(b) + magnitude(c) > magnitude(a) + magnitude(d)) return {true, c < 0, b < 0};
  return {false, a < 0, d < 0};
}

int Orientation::rotation() const {
  // Where the stored picture's rightward axis, mirrored back if need be, points in the upright picture.
  if (transpose) return flipY != mirrored() ? 270 : 90;
  return flipX != mirrored() ? 180 : 0;
}

bool Orientation::mirrored() const {
  return transpose != (flipX != flipY);
}

Cropping Cropping::of(const AVStream& stream) {
  const std::uint8_t* data = containerCropping(stream);
  if (!data) return {};
  const auto at = [data](int i) {
    std::uint32_t value = 0;
    for (int byte = 3; byte >= 0; --byte) value = value << 8 | data[4 * i + byte];
    return static_cast<int>(std::min<std::uint32_t>(value, INT32_MAX / 2));
  };
  return {at(0), at(1), at(2), at(3)};
}

Size Cropping::remaining(Size size) const {
  return {std::max(size.width - left - right, 1), std::max(size.height - top - bottom, 1)};
}

double sampleAspectRatio(AVFormatContext& format, AVStream& stream, AVFrame* frame) {
  const AVRational ratio = av_guess_sample_aspect_ratio(&format, &stream, frame);
  return ratio.num > 0 && ratio.den > 0 ? av_q2d(ratio) : 1;
}

Size squarePixels(Size size, double aspectRatio) {
  const double width = std::round(size.width * aspectRatio);
  return {static_cast<int>(std::clamp(width, 1.0, static_cast<double>(INT32_MAX))), size.height};
}

const std::int32_t* displayMatrix(const AVStream& stream, const AVFrame* frame) {
  const AVFrameSideData* own = frame ? av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX) : nullptr;
  const std::uint8_t* data =
      own && own->size >= kMatrixBytes ? own->data : streamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX, kMatrixBytes);
  return reinterpret_cast<const std::int32_t*>(data);
}

Size oriented(Size size, const Orientation& orientation) {
  return orientation.transpose ? Size{size.height, size.width} : size;
}

}  // namespace tubelet::video

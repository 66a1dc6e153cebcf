#include "model/pictures/tensorflow_bilinear.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

// TensorFlow's ResizeBilinear with half-pixel centres and no antialiasing, in float32 (tensorflow/core/kernels/image/
// resize_bilinear_op.cc). The cast to bytes truncates, so that the last bit of a sum can change a level: the order of
// the operations is theirs, first along the row and then along the column.

namespace tubelet::model {
namespace {

constexpr int kChannels = 3;

/// The two input pixels of an output pixel, and how far it lies from the first to the second.
struct Tap {
  int first;
  int second;
  float fraction;
};

std::vector<Tap> taps(int from, int to) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  std::vector<Tap> result;
  for (int i = 0; i < to; ++i) {
    const float position = (static_cast<float>(i) + 0.5F) * scale - 0.5F;
    const float below = std::floor(position);
    result.push_back({.first = std::max(static_cast<int>(below), 0),
                      .second = std::min(static_cast<int>(std::ceil(position)), from - 1),
                      .fraction = position - below});
  }
  return result;
}

}  // namespace

std::vector<std::uint8_t> resizeAsTensorFlow(const std::uint8_t* rgb, Size from, Size to) {
  const std::vector<Tap> columns = taps(from.width, to.width);
  const auto rowAt = [&](int y) { return rgb + static_cast<std::ptrdiff_t>(y) * from.width * kChannels; };
  std::vector<std::uint8_t> result;
  result.reserve(static_cast<std::size_t>(to.height) * static_cast<std::size_t>(to.width) * kChannels);
  for (const Tap& row : taps(from.height, to.height)) {
    const std::uint8_t* upper = rowAt(row.first);
    const std::uint8_t* lower = rowAt(row.second);
    for (const Tap& column : columns) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(column.first) * kChannels;
      const std::ptrdiff_t second = static_cast<std::ptrdiff_t>(column.second) * kChannels;
      const auto along = [&](const std::uint8_t* line, int c) {
        const auto start = static_cast<float>(line[first + c]);
        return start + (static_cast<float>(line[second + c]) - start) * column.fraction;
      };
      for (int c = 0; c < kChannels; ++c) {
        const float top = along(upper, c);
        result.push_back(static_cast<std::uint8_t>(top + (along(lower, c) - top) * row.fraction));
      }
    }
  }
  return result;
}

}  // namespace tubelet::model

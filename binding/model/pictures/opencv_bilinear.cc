#include "model/pictures/opencv_bilinear.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

// OpenCV's INTER_LINEAR on bytes (modules/imgproc/src/resize.cpp) uses integer arithmetic:
//
// - Output pixel i lies at (i + 1/2) * from / to - 1/2 between two input pixels, in float32. The weights of the two are
//   multiplied by 2^11 and rounded, halves to even.
// - Along a row, a position before the first or after the last pixel takes that one alone. Along a column both rows
// become that one and the weights stay, which can give one level less.
// - A row's sums keep the 11 bits. A column's lose 4 of them before they are multiplied and 16 after, each product by
//   itself; the last 2 are rounded.
// - Half the size in both directions is INTER_AREA instead: the mean of four pixels, halves up.

namespace tubelet::model {
namespace {

constexpr int kChannels = 3;
constexpr int kWeightBits = 11;

/// The two input pixels of an output pixel, and their weights.
struct Tap {
  int first;
  int second;
  int firstWeight;
  int secondWeight;
};

std::vector<Tap> taps(int from, int to, bool alone) {
  // As OpenCV has it: the inverse of an inverse.
  const double scale = 1.0 / (static_cast<double>(to) / from);
  std::vector<Tap> result;
  for (int i = 0; i < to; ++i) {
    const auto position = static_cast<float>((i + 0.5) * scale - 0.5);
    int first = static_cast<int>(std::floor(position));
    float fraction = position - static_cast<float>(first);
    if (alone && (first < 0 || first >= from - 1)) fraction = 0;
    constexpr float kOne = 1 << kWeightBits;
    result.push_back({.first = std::clamp(first, 0, from - 1),
                      .second = std::clamp(first + 1, 0, from - 1),
                      .firstWeight = static_cast<int>(std::nearbyint((1.0F - fraction) * kOne)),
                      .secondWeight = static_cast<int>(std::nearbyint(fraction * kOne))});
  }
  return result;
}

std::vector<int> resizeRow(const std::uint8_t* row, const std::vector<Tap>& columns) {
  std::vector<int> sums;
  sums.reserve(columns.size() * kChannels);
  for (const Tap& tap : columns) {
    const std::uint8_t* first = row + static_cast<std::ptrdiff_t>(tap.first) * kChannels;
    const std::uint8_t* second = row + static_cast<std::ptrdiff_t>(tap.second) * kChannels;
    for (int c = 0; c < kChannels; ++c) sums.push_back(first[c] * tap.firstWeight + second[c] * tap.secondWeight);
  }
  return sums;
}

/// Rows of the input, resized when they are first needed; of a pair no more than one is new.
class Rows {
 public:
  Rows(const std::uint8_t* rgb, Size from, const std::vector<Tap>& columns)
      : rgb_(rgb), from_(from), columns_(columns) {}

  const std::vector<int>& at(int y) {
    Kept& kept = kept_[static_cast<std::size_t>(y) % 2];
    if (kept.y != y) {
      kept.y = y;
      kept.sums = resizeRow(rgb_ + static_cast<std::ptrdiff_t>(y) * from_.width * kChannels, columns_);
    }
    return kept.sums;
  }

 private:
  struct Kept {
    int y = -1;
    std::vector<int> sums;
  };

  const std::uint8_t* rgb_;
  Size from_;
  const std::vector<Tap>& columns_;
  std::array<Kept, 2> kept_;
};

std::vector<std::uint8_t> halved(const std::uint8_t* rgb, Size to) {
  const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(to.width) * 2 * kChannels;
  std::vector<std::uint8_t> result;
  result.reserve(static_cast<std::size_t>(to.height) * static_cast<std::size_t>(to.width) * kChannels);
  for (std::ptrdiff_t y = 0; y < to.height; ++y) {
    for (std::ptrdiff_t x = 0; x < to.width; ++x) {
      const std::uint8_t* corner = rgb + 2 * y * stride + 2 * x * kChannels;
      for (int c = 0; c < kChannels; ++c) {
        const int sum = corner[c] + corner[c + kChannels] + corner[c + stride] + corner[c + stride + kChannels];
        result.push_back(static_cast<std::uint8_t>((sum + 2) >> 2));
      }
    }
  }
  return result;
}

}  // namespace

std::vector<std::uint8_t> resizeAsOpenCv(const std::uint8_t* rgb, Size from, Size to) {
  if (from.height == 2 * to.height && from.width == 2 * to.width) return halved(rgb, to);
  const std::vector<Tap> columns = taps(from.width, to.width, true);
  Rows rows(rgb, from, columns);
  std::vector<std::uint8_t> result;
  result.reserve(static_cast<std::size_t>(to.height) * static_cast<std::size_t>(to.width) * kChannels);
  for (const Tap& tap : taps(from.height, to.height, false)) {
    const std::vector<int>& first = rows.at(tap.first);
    const std::vector<int>& second = rows.at(tap.second);
    for (std::size_t i = 0; i < first.size(); ++i) {
      const int upper = (tap.firstWeight * (first[i] >> 4)) >> 16;
      const int lower = (tap.secondWeight * (second[i] >> 4)) >> 16;
      result.push_back(static_cast<std::uint8_t>((upper + lower + 2) >> 2));
    }
  }
  return result;
}

}  // namespace tubelet::model

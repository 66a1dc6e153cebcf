#include "model/pictures/window_frames.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include <ATen/ops/equal.h>

#include "model/pictures/preprocess.h"
#include "model_fixtures.h"

using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

constexpr Size kSize{.height = 24, .width = 32};

std::vector<std::uint8_t> picture(int seed, Size size = kSize) {
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(3 * size.height * size.width));
  for (std::size_t i = 0; i < rgb.size(); ++i)
    rgb[i] = static_cast<std::uint8_t>(i * 7 + static_cast<std::size_t>(seed) * 31);
  return rgb;
}

Preprocessing small() {
  Preprocessing preprocessing;
  preprocessing.resizeHeight = 16;
  preprocessing.cropHeight = preprocessing.cropWidth = 16;
  return preprocessing;
}

}  // namespace

TEST_CASE("windows: the pixels are those of a buffer for each, whatever windows share") {
  WindowFrames windows(small(), 2);
  std::array<PixelBuffer, 2> alone{PixelBuffer(small(), 2), PixelBuffer(small(), 2)};
  // Slots 0 and 1 are of window 0, 2 and 3 of window 1; the second frame is in both.
  windows.add(std::array{0}, picture(1).data(), kSize);
  windows.add(std::array{1, 2}, picture(2).data(), kSize);
  windows.add(std::array{3}, picture(3).data(), kSize);
  alone[0].add(std::array{0}, picture(1).data(), kSize);
  alone[0].add(std::array{1}, picture(2).data(), kSize);
  alone[1].add(std::array{0}, picture(2).data(), kSize);
  alone[1].add(std::array{1}, picture(3).data(), kSize);
  for (std::size_t k = 0; k < 2; ++k) {
    const at::Tensor pixels = windows.take(k);
    CHECK(pixels.is_contiguous());
    CHECK(at::equal(pixels, alone[k].pixels()));
  }
}

TEST_CASE("windows: a slot that is filled again holds the later frame; what was taken is gone") {
  WindowFrames windows(small(), 1);
  windows.add(std::array{0}, picture(1).data(), kSize);
  windows.add(std::array{0}, picture(2).data(), kSize);
  PixelBuffer alone(small(), 1);
  alone.add(std::array{0}, picture(2).data(), kSize);
  CHECK(at::equal(windows.take(0), alone.pixels()));
  CHECK(outcome([&] { windows.take(0); }).starts_with("INTERNAL: Frame 0 of window 0"));
}

TEST_CASE("windows: frames that become pictures of different sizes are refused within a window") {
  Preprocessing uncropped = small();
  uncropped.cropHeight = uncropped.cropWidth = 0;
  WindowFrames windows(uncropped, 2);
  const Size wide{.height = 24, .width = 64};
  windows.add(std::array{0}, picture(1).data(), kSize);
  windows.add(std::array{1, 2, 3}, picture(2, wide).data(), wide);
  CHECK(outcome([&] { windows.take(0); }).starts_with("INVALID_ARGUMENT: The frames of the clip differ in size"));
  CHECK(windows.take(1).size(4) > 16);
  CHECK(outcome([&] { WindowFrames(small(), 0); }).starts_with("INVALID_ARGUMENT"));
}

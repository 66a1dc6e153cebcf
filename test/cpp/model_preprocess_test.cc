#include "model/pictures/preprocess.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "model_fixtures.h"

using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

Preprocessing shortestEdge(int length) {
  Preprocessing preprocessing;
  preprocessing.resizeHeight = length;
  return preprocessing;
}

/// No resizing, no crop, no arithmetic: pixels are the bytes.
Preprocessing plain() {
  Preprocessing preprocessing;
  preprocessing.resize = Preprocessing::Resize::None;
  preprocessing.cropHeight = preprocessing.cropWidth = 0;
  preprocessing.rescaleFactor = 1;
  preprocessing.normalize = false;
  return preprocessing;
}

/// A frame of one colour.
std::vector<std::uint8_t> flat(Size size, std::array<std::uint8_t, 3> colour) {
  std::vector<std::uint8_t> rgb;
  for (int i = 0; i < size.height * size.width; ++i) rgb.insert(rgb.end(), colour.begin(), colour.end());
  return rgb;
}

/// A frame whose red is `values` in rows of `width`, with green 1 and blue 2 more.
std::vector<std::uint8_t> frame(const std::vector<int>& values) {
  std::vector<std::uint8_t> rgb;
  for (const int value : values) {
    for (const int channel : {0, 1, 2}) rgb.push_back(static_cast<std::uint8_t>(value + channel));
  }
  return rgb;
}

at::Tensor prepare(const Preprocessing& preprocessing, const std::vector<std::uint8_t>& rgb, Size size) {
  PixelBuffer buffer(preprocessing, 1);
  buffer.add(std::array{0}, rgb.data(), size);
  return buffer.pixels();
}

/// The red plane, row by row.
std::vector<int> red(const at::Tensor& pixels) {
  const at::Tensor plane = pixels[0][0][0].contiguous();
  const auto* data = plane.const_data_ptr<float>();
  return {data, data + plane.numel()};
}

}  // namespace

TEST_CASE("resize: the short side is given, the long one truncated") {
  const Preprocessing to224 = shortestEdge(224);
  CHECK(resizedSize(to224, {240, 320}) == Size{224, 298});  // 298.67
  CHECK(resizedSize(to224, {320, 240}) == Size{298, 224});
  CHECK(resizedSize(to224, {1080, 1920}) == Size{224, 398});  // 398.2
  CHECK(resizedSize(to224, {224, 224}) == Size{224, 224});
  CHECK(resizedSize(to224, {2, 3}) == Size{224, 336});
  CHECK(resizedSize(shortestEdge(256), {270, 480}) == Size{256, 455});  // 455.1
  Preprocessing exact = shortestEdge(10);
  exact.resize = Preprocessing::Resize::Exact;
  exact.resizeWidth = 20;
  CHECK(resizedSize(exact, {1000, 7}) == Size{10, 20});
  CHECK(resizedSize(plain(), {1000, 7}) == Size{1000, 7});
}

TEST_CASE("resize: exactly 8192 x 8192 pixels are allowed, and one more column is not") {
  CHECK(resizedSize(shortestEdge(64), {1, 16384}) == Size{64, 1048576});
  const std::string result = outcome([] { resizedSize(shortestEdge(64), {1, 16385}); });
  CHECK(result.starts_with("LIMIT_EXCEEDED: A frame of 16385 x 1 pixels would be resized to 1048640 x 64"));
  CHECK(outcome([] { resizedSize(shortestEdge(1 << 30), {1, 1 << 30}); }).starts_with("LIMIT_EXCEEDED: "));
}

TEST_CASE("crop: floor, as transformers does it; torchvision's own rounding would give 2 for 9 to 6") {
  CHECK(centreCrop(9, 6, false) == CropSpan{1, 0, 6});
  CHECK(centreCrop(10, 6, false) == CropSpan{2, 0, 6});
  CHECK(centreCrop(6, 6, false) == CropSpan{0, 0, 6});
  CHECK(centreCrop(398, 224, true) == CropSpan{87, 0, 224});
  CHECK(centreCrop(5, 8, false) == CropSpan{0, 1, 5});
  CHECK(centreCrop(5, 8, true) == CropSpan{0, 2, 5});
  CHECK(centreCrop(4, 8, true) == CropSpan{0, 2, 4});
}

TEST_CASE("pixels: channels are separated and slots filled, whichever come first") {
  PixelBuffer buffer(plain(), 3);
  buffer.add(std::array{2}, frame({10, 20, 30, 40, 50, 60}).data(), {2, 3});
  buffer.add(std::array{0, 1}, frame({1, 2, 3, 4, 5, 6}).data(), {2, 3});
  const at::Tensor pixels = buffer.pixels();
  CHECK(pixels.sizes() == at::IntArrayRef({1, 3, 3, 2, 3}));
  CHECK((pixels.scalar_type() == at::kFloat));
  CHECK(red(pixels) == std::vector<int>{1, 2, 3, 4, 5, 6});
  CHECK(pixels[0][0].equal(pixels[0][1]));
  CHECK(pixels[0][2][0][1][2].item<float>() == 60);
  CHECK(pixels[0][2][1][1][2].item<float>() == 61);
  CHECK(pixels[0][2][2][0][0].item<float>() == 12);
}

TEST_CASE("pixels: an unfilled slot, a slot that is not there, frames of unequal size") {
  PixelBuffer buffer(plain(), 2);
  const std::vector<std::uint8_t> rgb = flat({2, 3}, {1, 2, 3});
  buffer.add(std::array{1}, rgb.data(), {2, 3});
  CHECK(outcome([&] { buffer.pixels(); }).starts_with("INTERNAL: Frame 0 of the clip was never filled in"));
  CHECK(outcome([&] { buffer.add(std::array{2}, rgb.data(), {2, 3}); }).starts_with("INVALID_ARGUMENT: "));
  CHECK(outcome([&] { buffer.add(std::array{-1}, rgb.data(), {2, 3}); }).starts_with("INVALID_ARGUMENT: "));
  CHECK(contains(outcome([&] { buffer.add(std::array{0}, rgb.data(), {3, 2}); }), "differ in size"));
}

TEST_CASE("pixels: the crop takes the middle, and pads with what 0 becomes") {
  Preprocessing preprocessing = plain();
  preprocessing.cropHeight = 2;
  preprocessing.cropWidth = 2;
  CHECK(red(prepare(preprocessing, frame({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), {3, 4})) ==
        std::vector<int>{2, 3, 6, 7});
  preprocessing.cropHeight = 4;
  CHECK(red(prepare(preprocessing, frame({1, 2, 3, 4}), {1, 4})) == std::vector<int>{0, 0, 2, 3, 0, 0, 0, 0});
  preprocessing.padFrontMore = true;
  preprocessing.offset = true;
  CHECK(red(prepare(preprocessing, frame({1, 2, 3, 4}), {1, 4})) == std::vector<int>{-1, -1, -1, -1, 1, 2, -1, -1});
}

TEST_CASE("pixels: rescaling and normalising, with ViViT's offset in between") {
  Preprocessing preprocessing = plain();
  const std::vector<std::uint8_t> rgb = flat({1, 1}, {0, 51, 255});
  const auto values = [&] {
    const at::Tensor pixels = prepare(preprocessing, rgb, {1, 1}).flatten();
    return std::array{pixels[0].item<float>(), pixels[1].item<float>(), pixels[2].item<float>()};
  };
  preprocessing.rescaleFactor = 1.0 / 255;
  CHECK(values()[0] == 0);
  CHECK(values()[1] == doctest::Approx(0.2));
  CHECK(values()[2] == doctest::Approx(1));

  preprocessing.normalize = true;
  preprocessing.mean = {0.485, 0.456, 0.406};
  preprocessing.std = {0.229, 0.224, 0.225};
  CHECK(values()[0] == doctest::Approx(-0.485 / 0.229));
  CHECK(values()[1] == doctest::Approx((0.2 - 0.456) / 0.224));
  CHECK(values()[2] == doctest::Approx((1 - 0.406) / 0.225));

  preprocessing.rescaleFactor = 1 / 127.5;
  preprocessing.offset = true;
  preprocessing.mean = preprocessing.std = {0.5, 0.5, 0.5};
  CHECK(values()[0] == doctest::Approx(-3));
  CHECK(values()[1] == doctest::Approx(-2.2));
  CHECK(values()[2] == doctest::Approx(1));
}

TEST_CASE("pixels: resizing by each operator gives the values known of it") {
  Preprocessing preprocessing = plain();
  preprocessing.resize = Preprocessing::Resize::Exact;
  preprocessing.resizeHeight = 1;
  const std::vector<std::uint8_t> step = frame({0, 0, 0, 0, 200, 200, 200, 200});
  const auto resized = [&](Preprocessing::Interpolation interpolation, bool antialias, int width) {
    preprocessing.interpolation = interpolation;
    preprocessing.antialias = antialias;
    preprocessing.resizeWidth = width;
    return red(prepare(preprocessing, step, {1, 8}));
  };
  using Interpolation = Preprocessing::Interpolation;
  // Halving: without antialiasing the two pixels in the middle of each pair, with it a triangle four pixels wide,
  // (1, 3, 3, 1) / 8.
  CHECK(resized(Interpolation::Bilinear, false, 4) == std::vector<int>{0, 0, 200, 200});
  CHECK(resized(Interpolation::Bilinear, true, 4) == std::vector<int>{0, 25, 175, 200});
  CHECK(resized(Interpolation::Nearest, true, 2) == std::vector<int>{0, 200});
  CHECK(resized(Interpolation::Nearest, true, 16) ==
        std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 200, 200, 200, 200, 200, 200, 200, 200});
  // Doubling: quarters on either side of the step; the cubic overshoots and is clipped below 0.
  CHECK(resized(Interpolation::Bilinear, true, 16) ==
        std::vector<int>{0, 0, 0, 0, 0, 0, 0, 50, 150, 200, 200, 200, 200, 200, 200, 200});
  const std::vector<int> cubic = resized(Interpolation::Bicubic, true, 16);
  CHECK(cubic[6] == 0);
  CHECK(cubic[9] > 200);
  CHECK(cubic[0] == 0);
  CHECK(cubic[15] == 200);
}

TEST_CASE("pixels: a configuration that makes no sense is refused") {
  const auto making = [](const std::function<void(Preprocessing&)>& change, int frames = 1) {
    Preprocessing preprocessing;
    change(preprocessing);
    return outcome([&] { PixelBuffer(preprocessing, frames); });
  };
  CHECK(making([](Preprocessing&) {}) == "ok");
  const std::vector<std::function<void(Preprocessing&)>> nonsense{
      [](Preprocessing& it) { it.std[1] = 0; },
      [](Preprocessing& it) { it.std[2] = std::numeric_limits<double>::quiet_NaN(); },
      [](Preprocessing& it) { it.mean[0] = std::numeric_limits<double>::infinity(); },
      [](Preprocessing& it) { it.rescaleFactor = 0; },
      [](Preprocessing& it) { it.resizeHeight = 0; },
      [](Preprocessing& it) { it.cropHeight = -1; },
      [](Preprocessing& it) { it.cropWidth = 0; },
      [](Preprocessing& it) { it.cropWidth = it.cropHeight = 1 << 30; },
  };
  for (std::size_t i = 0; i < nonsense.size(); ++i) {
    CAPTURE(i);
    CHECK(making(nonsense[i]).starts_with("INVALID_ARGUMENT: The preprocessor's configuration is wrong: "));
  }
  CHECK(making([](Preprocessing&) {}, 0).starts_with("INVALID_ARGUMENT: "));
}

#include "model/views.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "model_fixtures.h"

using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

/// Crops of 2 x 2 from frames whose short side is `side`; pixels are the levels.
Views plain(int side, Views::Filter filter = Views::Filter::OpenCv) {
  Views views;
  views.filter = filter;
  views.preprocessing.resizeHeight = side;
  views.preprocessing.cropHeight = views.preprocessing.cropWidth = 2;
  views.preprocessing.rescaleFactor = 1;
  views.preprocessing.normalize = false;
  return views;
}

/// A picture whose levels count its pixels from `first`, the same in all channels.
std::vector<std::uint8_t> counting(Size size, int first = 0) {
  std::vector<std::uint8_t> rgb;
  for (int i = 0; i < size.height * size.width; ++i) rgb.insert(rgb.end(), 3, static_cast<std::uint8_t>(first + i));
  return rgb;
}

/// Channel 1 of the frames of a view, one after the other.
std::vector<int> levels(const ViewFrames& frames, int view) {
  const at::Tensor pixels = frames.pixels(view).select(2, 1).contiguous();
  const auto* data = pixels.const_data_ptr<float>();
  return {data, data + pixels.numel()};
}

Output answer(std::vector<float> logits, std::vector<float> embedding = {}) {
  Output output;
  output.scores.resize(logits.size());
  output.logits = std::move(logits);
  output.embedding = std::move(embedding);
  return output;
}

Output averaged(Views::Average average, const std::vector<Output>& outputs) {
  ViewAverage views(average);
  for (const Output& output : outputs) views.add(output);
  return views.result();
}

void checkClose(const std::vector<float>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == doctest::Approx(expected[i]).epsilon(1e-6));
}

}  // namespace

TEST_CASE("crops reach from one end to the other") {
  CHECK(cropStart(398, 224, 0, 3, false) == 0);
  CHECK(cropStart(398, 224, 1, 3, false) == 87);
  CHECK(cropStart(398, 224, 2, 3, false) == 174);
  CHECK(cropStart(299, 224, 1, 3, false) == 37);  // VideoMAE: int(1 * 75 / 2)
  CHECK(cropStart(299, 224, 1, 3, true) == 38);   // TimeSformer, ViViT: ceil(75 / 2)
  CHECK(cropStart(299, 224, 2, 3, true) == 75);
  CHECK(cropStart(224, 224, 2, 3, true) == 0);
  CHECK(cropStart(300, 224, 0, 1, true) == 0);
}

TEST_CASE("views are the crops of the clips, in order") {
  ViewFrames frames(plain(2), 2, 2);
  const Size size{.height = 2, .width = 5};
  frames.add(std::array{0}, counting(size).data(), size);
  frames.add(std::array{1, 2}, counting(size, 100).data(), size);
  frames.add(std::array{3}, counting(size, 200).data(), size);
  REQUIRE(frames.views() == 6);
  CHECK(levels(frames, 0) == std::vector{0, 1, 5, 6, 100, 101, 105, 106});
  CHECK(levels(frames, 1) == std::vector{1, 2, 6, 7, 101, 102, 106, 107});
  CHECK(levels(frames, 2) == std::vector{3, 4, 8, 9, 103, 104, 108, 109});
  CHECK(levels(frames, 3) == std::vector{100, 101, 105, 106, 200, 201, 205, 206});
  CHECK(levels(frames, 5) == std::vector{103, 104, 108, 109, 203, 204, 208, 209});
}

TEST_CASE("crops lie along the longer side, in the middle of the shorter") {
  ViewFrames frames(plain(3), 1, 1);
  const Size size{.height = 4, .width = 3};
  frames.add(std::array{0}, counting(size).data(), size);
  CHECK(levels(frames, 0) == std::vector{0, 1, 3, 4});
  CHECK(levels(frames, 1) == std::vector{3, 4, 6, 7});
  CHECK(levels(frames, 2) == std::vector{6, 7, 9, 10});

  Views up = plain(3);
  up.roundUp = true;
  ViewFrames other(up, 1, 1);
  other.add(std::array{0}, counting(size).data(), size);
  CHECK(levels(other, 0) == std::vector{1, 2, 4, 5});
}

TEST_CASE("each filter makes of a frame what its own code does") {
  // A row of 0, 90, 181, 255 becomes two pixels, each halfway between two: 45 and 218; 90 and 181 are not looked at by
  // three of the filters only where the picture is made much smaller.
  const Size size{.height = 4, .width = 6};
  std::vector<std::uint8_t> rgb;
  for (int y = 0; y < 4; ++y) {
    for (const int level : {0, 90, 181, 255, 10, 10}) rgb.insert(rgb.end(), 3, static_cast<std::uint8_t>(level));
  }
  const auto first = [&](Views::Filter filter) {
    ViewFrames frames(plain(2, filter), 1, 1);
    frames.add(std::array{0}, rgb.data(), size);
    const at::Tensor pixels = frames.pixels(0);
    return std::array{pixels[0][0][0][0][0].item<float>(), pixels[0][0][0][0][1].item<float>()};
  };
  CHECK(first(Views::Filter::OpenCv) == std::array{45.0F, 218.0F});
  CHECK(first(Views::Filter::TensorFlow) == std::array{45.0F, 218.0F});
  CHECK(first(Views::Filter::Torch) == std::array{45.0F, 218.0F});
  // The antialiasing triangle reaches a pixel further: (3 * 0 + 3 * 90 + 181) / 7 and so on.
  CHECK(first(Views::Filter::Antialias)[0] == 64.0F);
}

TEST_CASE("a filter on floats keeps fractions, one that gives bytes does not") {
  const Size size{.height = 4, .width = 4};
  std::vector<std::uint8_t> rgb;
  for (int y = 0; y < 4; ++y) {
    for (const int level : {0, 3, 3, 3}) rgb.insert(rgb.end(), 3, static_cast<std::uint8_t>(level));
  }
  const auto first = [&](Views::Filter filter) {
    ViewFrames frames(plain(2, filter), 1, 1);
    frames.add(std::array{0}, rgb.data(), size);
    return frames.pixels(0)[0][0][0][0][0].item<float>();
  };
  CHECK(first(Views::Filter::Torch) == 1.5F);
  CHECK(first(Views::Filter::TensorFlow) == 1.0F);
  CHECK(first(Views::Filter::OpenCv) == 2.0F);
}

TEST_CASE("views refuse impossible numbers") {
  const auto refusal = [](const Views& views, int clips, int frames) {
    return outcome([&] { ViewFrames(views, clips, frames); });
  };
  CHECK(refusal(plain(2), 1, 1) == "ok");
  Views none = plain(2);
  none.crops = 0;
  Views uncut = plain(2);
  uncut.preprocessing.cropHeight = uncut.preprocessing.cropWidth = 0;
  Views unscaled = plain(2);
  unscaled.preprocessing.resize = Preprocessing::Resize::None;
  for (const Views& views : {none, uncut, unscaled, plain(1)}) {
    CHECK(contains(refusal(views, 1, 1), "INVALID_ARGUMENT"));
  }
  CHECK(contains(refusal(plain(2), 0, 1), "INVALID_ARGUMENT"));
  CHECK(contains(refusal(plain(2), 1, 0), "INVALID_ARGUMENT"));

  ViewFrames frames(plain(2), 1, 2);
  const Size size{.height = 2, .width = 2};
  CHECK(contains(outcome([&] { frames.add(std::array{2}, counting(size).data(), size); }), "no frame 2"));
  frames.add(std::array{0}, counting(size).data(), size);
  CHECK(contains(outcome([&] { frames.pixels(0); }), "INTERNAL: Frame 1 of the clips was never filled in"));
}

TEST_CASE("the mean of the scores, and their logarithm for logits") {
  const Output result = averaged(Views::Average::Scores, {answer({0, std::log(3.0F)}, {1, 2}), answer({5, 5}, {3, 8})});
  checkClose(result.scores, {(0.25 + 0.5) / 2, (0.75 + 0.5) / 2});
  checkClose(result.logits, {std::log(0.375), std::log(0.625)});
  checkClose(result.embedding, {2, 5});
}

TEST_CASE("the mean of the logits, and their sum") {
  const std::vector<Output> outputs = {answer({0, 1}, {1}), answer({1, 2}, {2}), answer({-1, 3}, {6})};
  const Output mean = averaged(Views::Average::Logits, outputs);
  checkClose(mean.logits, {0, 2});
  checkClose(mean.scores, {1 / (1 + std::exp(2.0)), 1 / (1 + std::exp(-2.0))});
  const Output sum = averaged(Views::Average::SumOfLogits, outputs);
  checkClose(sum.logits, {0, 6});
  checkClose(sum.scores, {1 / (1 + std::exp(6.0)), 1 / (1 + std::exp(-6.0))});
  checkClose(sum.embedding, {3});
}

TEST_CASE("the mean of the sigmoids, as the logits of which it is the sigmoid") {
  const std::vector<std::vector<float>> logits = {{0, -3, 12, 40}, {2, 1, -12, 40}, {-1, 4, 0.5F, -40}};
  std::vector<Output> outputs;
  for (const std::vector<float>& view : logits) outputs.push_back(answer(view));
  const Output result = averaged(Views::Average::Sigmoids, outputs);
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  for (std::size_t i = 0; i < logits[0].size(); ++i) {
    const double mean = (sigmoid(logits[0][i]) + sigmoid(logits[1][i]) + sigmoid(logits[2][i])) / 3;
    CHECK(sigmoid(result.logits[i]) == doctest::Approx(mean).epsilon(1e-6));
  }
}

TEST_CASE("large logits do not overflow, and no classes are no classes") {
  const Output result = averaged(Views::Average::Scores, {answer({3000, 0}), answer({3000, 0})});
  checkClose(result.scores, {1, 0});
  checkClose(result.logits, {0, -3000});
  for (const auto average : {Views::Average::Scores, Views::Average::Logits, Views::Average::SumOfLogits}) {
    const Output selfSupervised = averaged(average, {answer({}, {1}), answer({}, {2})});
    CHECK(selfSupervised.logits.empty());
    checkClose(selfSupervised.embedding, {1.5});
  }
}

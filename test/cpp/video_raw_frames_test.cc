#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "video/reading/raw_frames.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

/// 0, 1, 2 and so on.
std::vector<std::uint8_t> countTo(std::size_t end) {
  std::vector<std::uint8_t> bytes(end);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

/// Frames of 2 x 1 pixels, each byte another, at 10 a second from `first` seconds on.
RawFrames frames(int count, int channels, double first = 0) {
  static const std::vector<std::uint8_t> counting = countTo(256);
  RawFrames result;
  result.width = 2;
  result.height = 1;
  result.channels = channels;
  result.data = std::span(counting).first(static_cast<std::size_t>(count * 2 * channels));
  for (int i = 0; i < count; ++i) result.timestamps.push_back(first + i / 10.0);
  result.end = first + count / 10.0;
  return result;
}

struct Collected : FrameSink {
  std::vector<Pixels> slots;
  int calls = 0;

  void frame(std::span<const int> places, const Picture& picture) override {
    ++calls;
    CHECK(picture.width == 2);
    CHECK(picture.height == 1);
    for (const int place : places) {
      if (slots.size() <= static_cast<std::size_t>(place)) slots.resize(static_cast<std::size_t>(place) + 1);
      slots[static_cast<std::size_t>(place)].assign(picture.rgb, picture.rgb + 6);
    }
  }
};

ClipInfo read(const RawFrames& frames, const Sampling& sampling, Collected& collected, const Limits& limits = {}) {
  return readRawFrames(frames, sampling, {.limits = limits}, collected, {});
}

std::string codeOf(const RawFrames& frames, const Limits& limits = {}) {
  try {
    Collected collected;
    read(frames, consecutive(1), collected, limits);
    return "none";
  } catch (const Error& error) {
    return codeName(error.code());
  }
}

TEST_CASE("RGB frames come out as they went in") {
  Collected collected;
  const ClipInfo info = read(frames(3, 3), consecutive(3), collected);
  CHECK(collected.slots == std::vector<Pixels>{{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11}, {12, 13, 14, 15, 16, 17}});
  CHECK(info.timestamps == std::vector<double>{0, 0.1, 0.2});
  CHECK(info.start == 0);
  CHECK(info.end == 0.3);
  CHECK(!info.repeated);
  CHECK(info.warnings.empty());
}

TEST_CASE("gray becomes RGB, and what is transparent black") {
  Collected gray;
  read(frames(2, 1), consecutive(2), gray);
  CHECK(gray.slots == std::vector<Pixels>{{0, 0, 0, 1, 1, 1}, {2, 2, 2, 3, 3, 3}});

  RawFrames rgba = frames(2, 4);
  const std::vector<std::uint8_t> bytes{10, 20, 30, 255, 10, 20, 30, 0, 255, 128, 1, 128, 255, 254, 1, 1};
  rgba.data = bytes;
  Collected over;
  read(rgba, consecutive(2), over);
  CHECK(over.slots == std::vector<Pixels>{{10, 20, 30, 0, 0, 0}, {128, 64, 1, 1, 1, 0}});
}

TEST_CASE("the sampling is that of files, each frame handed over once, in the caller's own times") {
  Collected collected;
  const ClipInfo info = read(frames(11, 1, 5), trained(3, 0.2), collected);
  CHECK(info.timestamps == std::vector<double>{5.3, 5.5, 5.7});
  CHECK(info.start == 5.3);
  CHECK(info.end == 5.8);
  CHECK(!info.tooShort);
  CHECK(collected.calls == 3);
  CHECK(collected.slots[1][0] == 10);

  Collected padded;
  const ClipInfo repeated = read(frames(2, 1), consecutive(4), padded);
  CHECK(repeated.timestamps == std::vector<double>{0, 0.1, 0.1, 0.1});
  CHECK(repeated.repeated);
  CHECK(repeated.tooShort);
  CHECK(repeated.end == 0.2);
  CHECK(padded.calls == 2);
  CHECK(padded.slots[3] == padded.slots[1]);
}

TEST_CASE("a range and exact frames count in the caller's own times") {
  const RawFrames ten = frames(10, 1, 5);
  Sampling sampling = spread(2);
  sampling.start = 5.2;
  sampling.end = 5.6;
  Collected part;
  CHECK(read(ten, sampling, part).timestamps == std::vector<double>{5.2, 5.4});

  sampling = {.mode = Sampling::Mode::Timestamps, .frames = 3, .timestamps = {5.95, 5, 5.25}};
  Collected listed;
  CHECK(read(ten, sampling, listed).timestamps == std::vector<double>{5.9, 5, 5.2});
  CHECK(listed.slots[0][0] == 18);
  CHECK(listed.slots[1][0] == 0);

  sampling = {.mode = Sampling::Mode::Indices, .frames = 2, .indices = {9, 9}};
  Collected numbered;
  CHECK(read(ten, sampling, numbered).timestamps == std::vector<double>{5.9, 5.9});
  CHECK(numbered.calls == 1);

  const auto message = [&](const Sampling& wrong) -> std::string {
    try {
      Collected none;
      read(ten, wrong, none);
      return "none";
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::InvalidArgument);
      return error.what();
    }
  };
  CHECK(message({.mode = Sampling::Mode::Timestamps, .frames = 1, .timestamps = {4.9}}).find("5.000 s") !=
        std::string::npos);
  CHECK(message({.mode = Sampling::Mode::Timestamps, .frames = 1, .timestamps = {6}}).find("6.000 s") !=
        std::string::npos);
  CHECK(message({.mode = Sampling::Mode::Indices, .frames = 1, .indices = {10}}).find("0 to 9") != std::string::npos);
  sampling = spread(2);
  sampling.end = 5;
  CHECK(message(sampling) != "none");
}

TEST_CASE("frames are taken in the order of their times, and of one time in the order given") {
  RawFrames shuffled = frames(4, 1);
  shuffled.timestamps = {0.3, 0.1, 0.1, 0};
  Collected collected;
  const ClipInfo info = read(shuffled, consecutive(4), collected);
  CHECK(info.timestamps == std::vector<double>{0, 0.1, 0.1, 0.3});
  CHECK(collected.slots[0][0] == 6);
  CHECK(collected.slots[1][0] == 2);
  CHECK(collected.slots[2][0] == 4);
  CHECK(collected.slots[3][0] == 0);
}

TEST_CASE("limits hold at exactly N, and not at N - 1") {
  const RawFrames three = frames(3, 3);
  CHECK(codeOf(three, {.bytes = 18, .pixels = 2, .frames = 3}) == "none");
  CHECK(codeOf(three, {.bytes = 17}) == "LIMIT_EXCEEDED");
  CHECK(codeOf(three, {.pixels = 1}) == "LIMIT_EXCEEDED");
  CHECK(codeOf(three, {.frames = 2}) == "LIMIT_EXCEEDED");
}

TEST_CASE("sizes that do not fit each other are refused") {
  RawFrames wrong = frames(2, 3);
  wrong.data = wrong.data.first(wrong.data.size() - 1);
  CHECK(codeOf(wrong) == "INVALID_ARGUMENT");
  wrong = frames(2, 3);
  wrong.timestamps.pop_back();
  CHECK(codeOf(wrong) == "INVALID_ARGUMENT");
  wrong = frames(2, 2);
  CHECK(codeOf(wrong) == "INVALID_ARGUMENT");
  CHECK(codeOf(frames(0, 3)) == "INVALID_ARGUMENT");
}

TEST_CASE("a cancelled token ends it") {
  CancelToken token;
  token.cancel();
  Collected collected;
  CHECK_THROWS_AS(readRawFrames(frames(2, 3), consecutive(2), {}, collected, token), Cancelled);
}

}  // namespace
}  // namespace tubelet::video::test

#include "video/selection/protocol.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "video/selection/sampler.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

using Indexes = std::vector<std::size_t>;
using Protocol = Sampling::Protocol;

Sampling tested(Protocol protocol, int clips, int frames, double stride = 1) {
  Sampling sampling{.mode = Sampling::Mode::Protocol};
  sampling.frames = frames;
  sampling.protocol = protocol;
  sampling.clips = clips;
  sampling.stride = stride;
  return sampling;
}

const Sampling kVideoMae = tested(Protocol::VideoMae, 5, 16, 4);
const Sampling kTimeSformer = tested(Protocol::TimeSformer, 1, 8, 32);
const Sampling kVivit = tested(Protocol::Vivit, 4, 32, 2);

std::vector<double> times(int frames, double rate) {
  std::vector<double> result;
  for (int i = 0; i < frames; ++i) result.push_back(i / rate);
  return result;
}

Sample sampled(const Sampling& sampling, const std::vector<double>& at) {
  checkSampling(sampling);
  return sampleFrames(sampling, at, at.back() + 0.04);
}

Indexes clip(const Sample& sample, std::size_t length, std::size_t index) {
  const auto begin = sample.frames.begin() + static_cast<std::ptrdiff_t>(index * length);
  return {begin, begin + static_cast<std::ptrdiff_t>(length)};
}

Indexes every(std::size_t first, std::size_t step, std::size_t count) {
  Indexes result;
  for (std::size_t k = 0; k < count; ++k) result.push_back(first + k * step);
  return result;
}

}  // namespace

TEST_CASE("VideoMAE: five clips on a grid of every fourth frame") {
  // 300 frames: 75 on the grid, (75 - 16) / 4 = 14.75 apart, rounded down.
  const Sample sample = sampled(kVideoMae, times(300, 30));
  REQUIRE(sample.frames.size() == 80);
  const Indexes starts = {0, 14, 29, 44, 59};
  for (std::size_t c = 0; c < 5; ++c) CHECK(clip(sample, 16, c) == every(starts[c] * 4, 4, 16));
  CHECK(!sample.repeated);
  CHECK(!sample.tooShort);
}

TEST_CASE("VideoMAE: a short video repeats the last frame of the grid, not of the video") {
  const Sample sample = sampled(kVideoMae, times(43, 30));  // 0, 4 ... 40
  Indexes expected = every(0, 4, 11);
  expected.resize(16, 40);
  for (std::size_t c = 0; c < 5; ++c) CHECK(clip(sample, 16, c) == expected);
  CHECK(sample.repeated);
  CHECK(sample.tooShort);
}

TEST_CASE("VideoMAE on Something-Something: two interleaved clips over the whole video") {
  // np.sort([int(tick / 2 + tick * x)] + [int(tick * x)]), tick = 45 / 16, for x in range(16)
  const Sample sample = sampled(tested(Protocol::VideoMaeEven, 2, 16), times(45, 12));
  CHECK(clip(sample, 16, 0) == Indexes{0, 2, 5, 8, 11, 14, 16, 19, 22, 25, 28, 30, 33, 36, 39, 42});
  CHECK(clip(sample, 16, 1) == Indexes{1, 4, 7, 9, 12, 15, 18, 21, 23, 26, 29, 32, 35, 37, 40, 43});
  CHECK(!sample.repeated);
  CHECK(sampled(tested(Protocol::VideoMaeEven, 2, 16), times(15, 12)).tooShort);
}

TEST_CASE("TimeSformer: from the first frame to the last of 8 x 32") {
  // torch.linspace(0, 255, 8).long()
  const Sample sample = sampled(kTimeSformer, times(300, 30));
  CHECK(sample.frames == Indexes{0, 36, 72, 109, 145, 182, 218, 255});
  CHECK(!sample.tooShort);
  // HR: torch.linspace(0, 255, 16).long()
  CHECK(sampled(tested(Protocol::TimeSformer, 1, 16, 16), times(300, 30)).frames == every(0, 17, 16));
}

TEST_CASE("TimeSformer: what lies beyond a short video is its last frame") {
  const Sample sample = sampled(kTimeSformer, times(120, 30));
  CHECK(sample.frames == Indexes{0, 36, 72, 109, 119, 119, 119, 119});
  CHECK(sample.repeated);
  CHECK(sample.tooShort);
}

TEST_CASE("TimeSformer on Something-Something: the middles of segments") {
  // (round(seg * i) + round(seg * (i + 1))) // 2, seg = 36 / 8 = 4.5; numpy rounds 4.5 to 4 and 13.5 to 14
  CHECK(sampled(tested(Protocol::TimeSformerEven, 1, 8), times(37, 12)).frames ==
        Indexes{2, 6, 11, 16, 20, 24, 29, 34});
}

TEST_CASE("ViViT: four windows of 32 x 2, which start over where the video ends") {
  // int(np.linspace(0, 300 - 64, 4))
  const Sample sample = sampled(kVivit, times(300, 30));
  const Indexes starts = {0, 78, 157, 236};
  for (std::size_t c = 0; c < 4; ++c) CHECK(clip(sample, 32, c) == every(starts[c], 2, 32));
  CHECK(!sample.tooShort);

  const Sample shorter = sampled(kVivit, times(25, 30));
  Indexes looped;
  for (std::size_t k = 0; k < 32; ++k) looped.push_back(2 * k % 25);
  for (std::size_t c = 0; c < 4; ++c) CHECK(clip(shorter, 32, c) == looped);
  CHECK(shorter.tooShort);
}

TEST_CASE("the protocols count as at 30 frames a second") {
  // 60 a second: of each pair the second is on the screen in the middle of a thirtieth.
  CHECK(clip(sampled(kVideoMae, times(600, 60)), 16, 1) == every(14 * 8 + 1, 8, 16));
  // NTSC, and times rounded to milliseconds: frame for frame as at 30.
  const Indexes atThirty = sampled(kVideoMae, times(300, 30)).frames;
  CHECK(sampled(kVideoMae, times(300, 30 / 1.001)).frames == atThirty);
  std::vector<double> rounded = times(300, 30);
  for (double& time : rounded) time = std::round(time * 1000) / 1000;
  CHECK(sampled(kVideoMae, rounded).frames == atThirty);
  // 15 a second: each twice.
  CHECK(clip(sampled(kVivit, times(150, 15)), 32, 0) == every(0, 1, 32));
}

TEST_CASE("the protocols stay within a part of the video") {
  Sampling sampling = kVivit;
  sampling.start = 1;
  sampling.end = 4;
  const Sample part = sampled(sampling, times(300, 30));
  // 90 frames from the 30th on: offsets 0, 8, 17, 26.
  CHECK(clip(part, 32, 1) == every(38, 2, 32));
  CHECK(clip(part, 32, 3) == every(56, 2, 32));
}

TEST_CASE("one picture is a video too") {
  for (const Sampling& sampling : {kVideoMae, tested(Protocol::VideoMaeEven, 2, 16), kTimeSformer,
                                   tested(Protocol::TimeSformerEven, 1, 8), kVivit}) {
    const Sample sample = sampled(sampling, {0});
    CHECK(sample.frames == Indexes(slotCount(sampling), 0));
    CHECK(sample.tooShort);
  }
}

TEST_CASE("a protocol needs a stride, a rate and a clip") {
  for (const Sampling& sampling :
       {tested(Protocol::VideoMae, 5, 16, 0), tested(Protocol::VideoMae, 0, 16), tested(Protocol::VideoMae, 5, 0)}) {
    CHECK_THROWS_AS(checkSampling(sampling), Error);
  }
}

}  // namespace tubelet::video::test

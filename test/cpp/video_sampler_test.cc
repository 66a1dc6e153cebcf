#include <doctest/doctest.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "video/selection/sampler.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

using Indexes = std::vector<std::size_t>;

std::vector<double> evenly(int frames, double rate) {
  std::vector<double> times;
  for (int i = 0; i < frames; ++i) times.push_back(i / rate);
  return times;
}

Sampling looped(Sampling sampling) {
  sampling.padding = Sampling::Padding::Loop;
  return sampling;
}

Sampling within(Sampling sampling, double start, std::optional<double> end) {
  sampling.start = start;
  sampling.end = end;
  return sampling;
}

Sampling at(std::vector<double> timestamps) {
  Sampling sampling{.mode = Sampling::Mode::Timestamps};
  sampling.timestamps = std::move(timestamps);
  return sampling;
}

Sampling numbered(std::vector<std::int64_t> indices) {
  Sampling sampling{.mode = Sampling::Mode::Indices};
  sampling.indices = std::move(indices);
  return sampling;
}

/// The code of the Error that sampling ten frames at ten a second throws; "none" when it throws none.
std::string refusal(const Sampling& sampling) {
  try {
    checkSampling(sampling);
    sampleFrames(sampling, evenly(10, 10), 1);
  } catch (const Error& error) {
    return codeName(error.code());
  }
  return "none";
}

struct Case {
  std::string what;
  Sampling sampling;
  std::vector<double> times;
  Indexes expected;
};

TEST_CASE("the sampler picks the frames that docs/sampling.md says") {
  const std::vector<Case> cases = {
      {"trained: centred", trained(3, 0.2), evenly(11, 10), {3, 5, 7}},
      {"trained: a time between two frames takes the earlier", trained(2, 0.1), evenly(4, 10), {1, 2}},
      {"trained: half a frame to spare on each side", trained(2, 0.2), evenly(4, 10), {0, 2}},
      {"trained: exactly as long as the clip", trained(4, 0.1), evenly(4, 10), {0, 1, 2, 3}},
      {"trained: NTSC times that do not add up exactly", trained(4, 4 / 29.97), evenly(13, 29.97), {0, 4, 8, 12}},
      {"trained: tighter in a shorter video", trained(4, 1), evenly(7, 10), {0, 2, 4, 6}},
      {"trained: one slot takes the middle", trained(1, 1), evenly(5, 10), {2}},
      {"trained: a low frame rate repeats frames by itself", trained(4, 0.25), evenly(5, 2), {1, 1, 2, 2}},
      {"trained: fewer frames than slots and shorter than the clip", trained(5, 1), evenly(3, 10), {0, 1, 2, 2, 2}},
      {"trained: the same, looped", looped(trained(5, 1)), evenly(3, 10), {0, 1, 2, 0, 1}},
      {"trained: one picture", trained(3, 0.1), {0}, {0, 0, 0}},
      {"trained: variable rate goes by time", trained(3, 1), {0, 0.1, 0.2, 1.9, 3.0, 4.0}, {2, 3, 4}},
      {"spread: k * n / T rounded down", spread(4), evenly(10, 25), {0, 2, 5, 7}},
      {"spread: as many frames as slots", spread(3), evenly(3, 25), {0, 1, 2}},
      {"spread: fewer frames than slots", spread(4), evenly(2, 25), {0, 0, 1, 1}},
      {"spread: counts frames, not time", spread(2), {0, 0.1, 0.2, 9}, {0, 2}},
      {"spread: padding does not matter", looped(spread(4)), evenly(2, 25), {0, 0, 1, 1}},
      {"consecutive", consecutive(3), evenly(10, 25), {0, 1, 2}},
      {"consecutive: too short, last repeated", consecutive(5), evenly(2, 25), {0, 1, 1, 1, 1}},
      {"timestamps: any order, repeated", at({0.25, 0, 0.9, 0.25, 0.2}), evenly(10, 10), {2, 0, 9, 2, 2}},
      {"timestamps: rounding", at({0.1 + 0.2}), evenly(10, 10), {3}},
      {"timestamps: equal times show the last", at({0.1}), {0, 0.1, 0.1, 0.2}, {2}},
      {"timestamps: in a range", within(at({0.55, 0.32}), 0.32, 0.6), evenly(10, 10), {5, 3}},
      {"indices: any order, repeated", numbered({9, 0, 9}), evenly(10, 10), {9, 0, 9}},
      {"range: what is on the screen at its start", within(consecutive(2), 0.35, {}), evenly(10, 10), {3, 4}},
      {"range: consecutive, too short", within(consecutive(3), 0.35, 0.5), evenly(10, 10), {3, 4, 4}},
      {"range: consecutive, looped", looped(within(consecutive(3), 0.35, 0.5)), evenly(10, 10), {3, 4, 3}},
      {"range: spread", within(spread(3), 0.4, 1.0), evenly(10, 10), {4, 6, 8}},
      {"range: beyond the end", within(spread(2), 0.8, 99), evenly(10, 10), {8, 9}},
      {"range: within one frame", within(spread(2), 0.41, 0.42), evenly(10, 10), {4, 4}},
      {"range: trained, centred", within(trained(3, 0.1), 0.2, 0.7), evenly(10, 10), {3, 4, 5}},
      {"range: trained, tighter", within(trained(3, 1), 0.2, 0.7), evenly(10, 10), {2, 4, 6}},
      {"range: trained, padded", within(trained(3, 1), 0.2, 0.4), evenly(10, 10), {2, 3, 3}},
      {"consecutive: too short, looped", looped(consecutive(5)), evenly(2, 25), {0, 1, 0, 1, 0}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    CHECK(sampleFrames(one.sampling, one.times, one.times.back() + 0.1).frames == one.expected);
  }
}

TEST_CASE("the sampler says when a video, or the part of it, is too short") {
  const std::vector<double> times = evenly(10, 10);
  const auto tooShort = [&times](const Sampling& sampling) { return sampleFrames(sampling, times, 1).tooShort; };
  CHECK(!tooShort(trained(4, 0.3)));
  CHECK(tooShort(trained(4, 0.31)));
  CHECK(tooShort(within(trained(4, 0.3), 0.1, {})));
  CHECK(!tooShort(spread(10)));
  CHECK(tooShort(spread(11)));
  CHECK(!tooShort(consecutive(10)));
  CHECK(tooShort(consecutive(11)));
  CHECK(tooShort(within(consecutive(10), 0.1, {})));
  CHECK(!tooShort(at({0, 0, 0.9})));
}

TEST_CASE("the sampler refuses what the video does not have") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  CHECK(refusal(at({0.999})) == "none");
  for (const Sampling& sampling : {at({1}),
                                   at({-0.01}),
                                   at({kNan}),
                                   at({}),
                                   within(at({0.1}), 0.2, {}),
                                   within(at({0.5}), 0.2, 0.5),
                                   numbered({10}),
                                   numbered({-1}),
                                   numbered({}),
                                   within(numbered({1}), 0.2, {}),
                                   within(spread(2), 1, {}),
                                   within(spread(2), 5, 6),
                                   within(spread(2), 0.5, 0.5),
                                   within(spread(2), 0.5, 0.2),
                                   within(spread(2), -1, {}),
                                   within(spread(2), kNan, {}),
                                   within(spread(2), 0, kNan),
                                   spread(0),
                                   trained(2, -1),
                                   trained(2, kNan)}) {
    CHECK(refusal(sampling) == "INVALID_ARGUMENT");
  }
}

TEST_CASE("spread takes what transformers 5 takes") {
  // transformers.video_utils.default_sample_indices_fn: np.arange(T) * n // T, for n = 325, T = 16
  const Indexes expected = {0, 20, 40, 60, 81, 101, 121, 142, 162, 182, 203, 223, 243, 264, 284, 304};
  CHECK(sampleFrames(spread(16), evenly(325, 25), 13).frames == expected);
}

}  // namespace
}  // namespace tubelet::video::test

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "video/sampler.h"
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
      {"consecutive: too short, looped", looped(consecutive(5)), evenly(2, 25), {0, 1, 0, 1, 0}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    CHECK(sampleFrames(one.sampling, one.times, one.times.back() + 0.1).frames == one.expected);
  }
}

TEST_CASE("spread takes what transformers 5 takes") {
  // transformers.video_utils.default_sample_indices_fn: np.arange(T) * n // T, for n = 325, T = 16
  const Indexes expected = {0, 20, 40, 60, 81, 101, 121, 142, 162, 182, 203, 223, 243, 264, 284, 304};
  CHECK(sampleFrames(spread(16), evenly(325, 25), 13).frames == expected);
}

}  // namespace
}  // namespace tubelet::video::test

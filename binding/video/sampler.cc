#include "video/sampler.h"

#include <algorithm>

namespace tubelet::video {
namespace {

/// Times are sums and products of rounded numbers: a frame due at t may carry a time this much above it.
constexpr double kTolerance = 1e-6;

/// The frame on the screen at time `t`.
std::size_t frameAt(std::span<const double> times, double t) {
  const auto after = std::ranges::upper_bound(times, t + kTolerance);
  return after == times.begin() ? 0 : static_cast<std::size_t>(after - times.begin()) - 1;
}

std::vector<std::size_t> consecutive(const Sampling& sampling, std::size_t available) {
  std::vector<std::size_t> slots;
  for (std::size_t k = 0; k < static_cast<std::size_t>(sampling.frames); ++k) {
    slots.push_back(sampling.padding == Sampling::Padding::Loop ? k % available : std::min(k, available - 1));
  }
  return slots;
}

std::vector<std::size_t> spread(const Sampling& sampling, std::size_t available) {
  const auto count = static_cast<std::size_t>(sampling.frames);
  std::vector<std::size_t> slots;
  for (std::size_t k = 0; k < count; ++k) slots.push_back(k * available / count);
  return slots;
}

std::vector<std::size_t> trained(const Sampling& sampling, std::span<const double> times) {
  const int gaps = sampling.frames - 1;
  const double last = times.back();
  double interval = sampling.interval;
  if (gaps * interval > last + kTolerance) {
    if (times.size() < static_cast<std::size_t>(sampling.frames)) return consecutive(sampling, times.size());
    interval = last / gaps;
  }
  const double start = (last - gaps * interval) / 2;
  std::vector<std::size_t> slots;
  for (int k = 0; k < sampling.frames; ++k) slots.push_back(frameAt(times, start + k * interval));
  return slots;
}

}  // namespace

std::vector<std::size_t> sampleFrames(const Sampling& sampling, std::span<const double> times) {
  switch (sampling.mode) {
    case Sampling::Mode::Trained:
      return trained(sampling, times);
    case Sampling::Mode::Spread:
      return spread(sampling, times.size());
    case Sampling::Mode::Consecutive:
      return consecutive(sampling, times.size());
    case Sampling::Mode::Timestamps:
    case Sampling::Mode::Indices:
      break;
  }
  return {};
}

}  // namespace tubelet::video

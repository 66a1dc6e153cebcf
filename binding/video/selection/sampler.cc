#include "video/selection/sampler.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "engine/error.h"
#include "video/common/text.h"
#include "video/selection/protocol.h"

namespace tubelet::video {
namespace {

/// Times are sums and products of rounded numbers: a frame due at t may carry a time this much above it.
constexpr double kTolerance = 1e-6;

/// The frame on the screen at time `t`.
std::size_t frameAt(std::span<const double> times, double t) {
  const auto after = std::ranges::upper_bound(times, t + kTolerance);
  return after == times.begin() ? 0 : static_cast<std::size_t>(after - times.begin()) - 1;
}

/// The part of the video to sample: `count` frames from `first` on, on the screen from `start` on and before `end`.
struct Part {
  std::span<const double> times;  // of the whole video
  std::size_t first;
  std::size_t count;
  double start;
  double end;

  Part(const Sampling& sampling, std::span<const double> all, double videoEnd)
      : times(all), start(sampling.start), end(std::min(sampling.end.value_or(videoEnd), videoEnd)) {
    // The last frame is there even where nothing says how long it lasts.
    if (start > times.back() + kTolerance && start + kTolerance >= videoEnd) {
      throw Error(ErrorCode::InvalidArgument, "The range starts at " + secondsText(start) + ", but the video ends at " +
                                                  secondsText(videoEnd) + ".");
    }
    // All frames with equal times belong to it, although only the last is on the screen.
    const auto begin = std::ranges::lower_bound(times, times[frameAt(times, start)]);
    first = static_cast<std::size_t>(begin - times.begin());
    const auto after = sampling.end ? std::ranges::lower_bound(times, *sampling.end - kTolerance) : times.end();
    const auto past = std::max(static_cast<std::size_t>(after - times.begin()), first + 1);
    count = past - first;
  }

  std::size_t last() const { return first + count - 1; }
  /// From `start` until the last frame begins.
  double length() const { return std::max(times[last()] - start, 0.0); }
  bool holds(double t) const {
    return t >= start - kTolerance && (t + kTolerance < end || std::abs(t - times[last()]) <= kTolerance);
  }
};

Sample consecutive(const Sampling& sampling, const Part& part) {
  const std::size_t slots = slotCount(sampling);
  Sample sample;
  sample.tooShort = part.count < slots;
  for (std::size_t k = 0; k < slots; ++k) {
    const bool loop = sampling.padding == Sampling::Padding::Loop;
    sample.frames.push_back(part.first + (loop ? k % part.count : std::min(k, part.count - 1)));
  }
  return sample;
}

Sample spread(const Sampling& sampling, const Part& part) {
  const std::size_t slots = slotCount(sampling);
  Sample sample;
  sample.tooShort = part.count < slots;
  for (std::size_t k = 0; k < slots; ++k) sample.frames.push_back(part.first + k * part.count / slots);
  return sample;
}

Sample trained(const Sampling& sampling, const Part& part) {
  const int gaps = sampling.frames - 1;
  const double length = part.length();
  double interval = sampling.interval;
  Sample sample;
  sample.tooShort = gaps * interval > length + kTolerance;
  if (sample.tooShort) {
    if (part.count < slotCount(sampling)) return consecutive(sampling, part);
    interval = length / gaps;
  }
  const double start = part.start + (length - gaps * interval) / 2;
  for (int k = 0; k < sampling.frames; ++k) {
    sample.frames.push_back(std::clamp(frameAt(part.times, start + k * interval), part.first, part.last()));
  }
  return sample;
}

Sample timestamps(const Sampling& sampling, const Part& part) {
  Sample sample;
  for (const double t : sampling.timestamps) {
    if (!part.holds(t)) {
      throw Error(ErrorCode::InvalidArgument, "There is no frame at " + secondsText(t) + ": times from " +
                                                  secondsText(part.start) + " up to, not including, " +
                                                  secondsText(part.end) + " can be read.");
    }
    sample.frames.push_back(frameAt(part.times, t));
  }
  return sample;
}

Sample indices(const Sampling& sampling, const Part& part) {
  Sample sample;
  for (const std::int64_t index : sampling.indices) {
    if (index < static_cast<std::int64_t>(part.first) || index > static_cast<std::int64_t>(part.last())) {
      throw Error(ErrorCode::InvalidArgument, "There is no frame " + std::to_string(index) + ": frames " +
                                                  std::to_string(part.first) + " to " + std::to_string(part.last()) +
                                                  " can be read.");
    }
    sample.frames.push_back(static_cast<std::size_t>(index));
  }
  return sample;
}

Sample protocol(const Sampling& sampling, const Part& part) {
  const bool nominal = countsNominally(sampling.protocol);
  // A video of another frame rate is taken as the one of `fps` that shows the same: its frame i is what is on the
  // screen in the middle of its time, so that times that are rounded, or a rate of 30000/1001, do not shift the count.
  const double last = std::ceil((part.length() - kTolerance) * sampling.fps - 0.5);
  const auto count = nominal ? static_cast<std::size_t>(std::max(last, 0.0)) + 1 : part.count;
  const auto [positions, tooShort] = protocolPositions(sampling, count);
  Sample sample;
  sample.tooShort = tooShort;
  for (const double position : positions) {
    const std::size_t frame = nominal ? frameAt(part.times, part.start + (position + 0.5) / sampling.fps)
                                      : part.first + static_cast<std::size_t>(position);
    sample.frames.push_back(std::clamp(frame, part.first, part.last()));
  }
  return sample;
}

/// Whether a frame comes twice in one of the clips of `length` slots.
bool repeats(std::span<const std::size_t> frames, std::size_t length) {
  for (; !frames.empty(); frames = frames.subspan(length)) {
    const auto clip = frames.first(length);
    if (std::set<std::size_t>(clip.begin(), clip.end()).size() < length) return true;
  }
  return false;
}

Sample sampleAny(const Sampling& sampling, const Part& part) {
  switch (sampling.mode) {
    case Sampling::Mode::Trained:
      return trained(sampling, part);
    case Sampling::Mode::Spread:
      return spread(sampling, part);
    case Sampling::Mode::Consecutive:
      return consecutive(sampling, part);
    case Sampling::Mode::Timestamps:
      return timestamps(sampling, part);
    case Sampling::Mode::Indices:
      return indices(sampling, part);
    case Sampling::Mode::Protocol:
      return protocol(sampling, part);
  }
  return {};
}

}  // namespace

std::size_t slotCount(const Sampling& sampling) {
  switch (sampling.mode) {
    case Sampling::Mode::Timestamps:
      return sampling.timestamps.size();
    case Sampling::Mode::Indices:
      return sampling.indices.size();
    case Sampling::Mode::Protocol:
      return static_cast<std::size_t>(std::max(sampling.frames, 0)) *
             static_cast<std::size_t>(std::max(sampling.clips, 0));
    default:
      return static_cast<std::size_t>(std::max(sampling.frames, 0));
  }
}

void checkSampling(const Sampling& sampling) {
  const auto refuse = [](const std::string& message) { throw Error(ErrorCode::InvalidArgument, message); };
  if (slotCount(sampling) < 1) refuse("A clip needs at least one frame.");
  if (!(sampling.interval >= 0)) refuse("The interval must not be negative.");
  if (sampling.mode == Sampling::Mode::Protocol && !(sampling.stride > 0 && sampling.fps > 0)) {
    refuse("The stride and the frame rate it counts in must be above 0.");
  }
  if (!(sampling.start >= 0) || std::isinf(sampling.start)) {
    refuse("The range starts at " + secondsText(sampling.start) + "; a video starts at 0 s.");
  }
  if (sampling.end && !(*sampling.end > sampling.start)) {
    refuse("The range from " + secondsText(sampling.start) + " to " + secondsText(*sampling.end) +
           " is empty. Its end must come after its start.");
  }
}

Sample sampleFrames(const Sampling& sampling, std::span<const double> times, double end) {
  Sample sample = sampleAny(sampling, Part(sampling, times, end));
  const bool several = sampling.mode == Sampling::Mode::Protocol;
  sample.repeated = repeats(sample.frames, several ? static_cast<std::size_t>(sampling.frames) : sample.frames.size());
  return sample;
}

}  // namespace tubelet::video

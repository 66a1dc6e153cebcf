#include "video/reading/raw_frames.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <span>
#include <string>

#include "engine/error.h"
#include "video/selection/sampler.h"

namespace tubelet::video {
namespace {

constexpr const char* kName = "<frames>";

void checkLimit(const char* limit, const char* what, std::int64_t value, std::int64_t most) {
  if (value <= most) return;
  throw Error(ErrorCode::LimitExceeded, std::string(kName) + " has " + std::to_string(value) + " " + what +
                                            "; the limit is " + std::to_string(most) + ". Raise the limit `" + limit +
                                            "` to read it.");
}

void check(const RawFrames& frames, const Limits& limits) {
  const std::int64_t pixels = std::int64_t{frames.width} * frames.height;
  const auto count = static_cast<std::int64_t>(frames.timestamps.size());
  const auto bytes = static_cast<std::int64_t>(frames.data.size());
  const bool isKnown = frames.channels == 1 || frames.channels == 3 || frames.channels == 4;
  if (count == 0 || pixels <= 0 || !isKnown || bytes != count * pixels * frames.channels) {
    throw Error(ErrorCode::InvalidArgument, std::string(kName) +
                                                " must hold width x height x channels bytes (1 gray, 3 RGB or 4 RGBA)"
                                                " for each of at least one timestamp.");
  }
  checkLimit("bytes", "bytes", bytes, limits.bytes);
  checkLimit("pixels", "pixels a frame", pixels, limits.pixels);
  checkLimit("frames", "frames", count, limits.frames);
}

/// The frames' places in the data, in the order in which they are shown.
std::vector<std::size_t> presentationOrder(const std::vector<double>& timestamps) {
  std::vector<std::size_t> order(timestamps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t place) { return timestamps[place]; });
  return order;
}

/// Packed RGB of one frame; points into the frames themselves or into `buffer`.
const std::uint8_t* toRgb(const RawFrames& frames, std::size_t place, std::vector<std::uint8_t>& buffer) {
  const std::size_t pixels = static_cast<std::size_t>(frames.width) * static_cast<std::size_t>(frames.height);
  const auto channels = static_cast<std::size_t>(frames.channels);
  const std::uint8_t* from = frames.data.data() + place * pixels * channels;
  if (channels == 3) return from;

  buffer.resize(pixels * 3);
  std::uint8_t* to = buffer.data();
  for (std::size_t i = 0; i < pixels; ++i, from += channels, to += 3) {
    if (channels == 1) {
      std::fill_n(to, 3, *from);
      continue;
    }
    const int alpha = from[3];
    for (int c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>((from[c] * alpha + 127) / 255);
  }
  return buffer.data();
}

}  // namespace

ClipInfo readRawFrames(const RawFrames& frames, const Sampling& sampling, const ReadOptions& options, FrameSink& sink,
                       const CancelToken& token) {
  check(frames, options.limits);
  const std::vector<std::size_t> order = presentationOrder(frames.timestamps);
  std::vector<double> times;
  times.reserve(order.size());
  for (const std::size_t place : order) times.push_back(frames.timestamps[place]);

  // The caller's clock may start anywhere: what comes before the first frame is no part of the video.
  Sampling within = sampling;
  within.start = std::max(sampling.start, times.front());
  checkSampling(within);
  const auto [frameOfSlot, repeated, tooShort] = sampleFrames(within, times, frames.end);

  std::map<std::size_t, std::vector<int>> slotsOfFrame;
  for (std::size_t slot = 0; slot < frameOfSlot.size(); ++slot) {
    slotsOfFrame[frameOfSlot[slot]].push_back(static_cast<int>(slot));
  }

  ClipInfo info;
  info.timestamps.resize(frameOfSlot.size());
  info.repeated = repeated;
  info.tooShort = tooShort;
  const std::size_t last = slotsOfFrame.rbegin()->first;
  info.start = times[slotsOfFrame.begin()->first];
  info.end = last + 1 < times.size() ? times[last + 1] : frames.end;

  std::vector<std::uint8_t> buffer;
  for (const auto& [index, slots] : slotsOfFrame) {
    token.check();
    for (const int slot : slots) info.timestamps[static_cast<std::size_t>(slot)] = times[index];
    sink.frame(slots, {.rgb = toRgb(frames, order[index], buffer), .width = frames.width, .height = frames.height});
  }
  return info;
}

}  // namespace tubelet::video

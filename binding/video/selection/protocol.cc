#include "video/selection/protocol.h"

#include <algorithm>
#include <cmath>

namespace tubelet::video {
namespace {

/// VideoMAE's kinetics.py: every `stride`-th frame, the last of them repeated up to a clip's length; the clips begin at
/// equal distances on this list.
Positions onGrid(const Sampling& sampling, double count) {
  const double grid = std::floor((count - 1) / sampling.stride) + 1;
  const double spare = std::max(grid - sampling.frames, 0.0) / std::max(sampling.clips - 1, 1);
  Positions positions{.tooShort = grid < sampling.frames};
  for (int c = 0; c < sampling.clips; ++c) {
    const double start = std::floor(c * spare);
    for (int k = 0; k < sampling.frames; ++k) {
      positions.frames.push_back(std::min(start + k, grid - 1) * sampling.stride);
    }
  }
  return positions;
}

/// VideoMAE's ssv2.py: as many equal segments as a clip has frames; each clip takes one frame of each, the first at
/// their beginnings, the second at their middles.
Positions interleaved(const Sampling& sampling, std::size_t count) {
  const auto clips = static_cast<std::size_t>(sampling.clips);
  const auto slots = static_cast<std::size_t>(sampling.frames);
  Positions positions{.tooShort = count < slots};
  for (std::size_t c = 0; c < clips; ++c) {
    for (std::size_t k = 0; k < slots; ++k) {
      const std::size_t frame = (k * clips + c) * count / (clips * slots);
      positions.frames.push_back(static_cast<double>(frame));
    }
  }
  return positions;
}

/// TimeSformer's decoder.py: T frames from the first to the last of T * stride, which is a little more than `stride`
/// apart. What lies beyond the video is its last frame.
Positions fromStart(const Sampling& sampling, double count) {
  const double size = sampling.frames * sampling.stride;
  Positions positions{.tooShort = size > count};
  for (int c = 0; c < sampling.clips; ++c) {
    const double start = std::max(count - size, 0.0) * c / sampling.clips;
    for (int k = 0; k < sampling.frames; ++k) {
      const double position = start + k * (size - 1) / std::max(sampling.frames - 1, 1);
      positions.frames.push_back(std::floor(std::clamp(position, 0.0, count - 1)));
    }
  }
  return positions;
}

/// TimeSformer's ssv2.py: the middles of T equal segments, whose ends are rounded to frames first (halves to even).
Positions segmentMiddles(const Sampling& sampling, double count) {
  const double segment = (count - 1) / sampling.frames;
  Positions positions{.tooShort = count < sampling.frames};
  for (int c = 0; c < sampling.clips; ++c) {
    for (int k = 0; k < sampling.frames; ++k) {
      positions.frames.push_back(std::floor((std::nearbyint(segment * k) + std::nearbyint(segment * (k + 1))) / 2));
    }
  }
  return positions;
}

/// ViViT's DMVR: windows of T * stride frames at equal distances, in a video that starts over when it ends.
Positions windows(const Sampling& sampling, double count) {
  const double spare = std::max(count - sampling.frames * sampling.stride, 0.0);
  Positions positions{.tooShort = (sampling.frames - 1) * sampling.stride > count - 1};
  for (int c = 0; c < sampling.clips; ++c) {
    const double start = std::floor(spare * c / std::max(sampling.clips - 1, 1));
    for (int k = 0; k < sampling.frames; ++k) {
      positions.frames.push_back(std::fmod(start + k * sampling.stride, count));
    }
  }
  return positions;
}

}  // namespace

bool countsNominally(Sampling::Protocol protocol) {
  return protocol != Sampling::Protocol::VideoMaeEven && protocol != Sampling::Protocol::TimeSformerEven;
}

Positions protocolPositions(const Sampling& sampling, std::size_t count) {
  switch (sampling.protocol) {
    case Sampling::Protocol::VideoMae:
      return onGrid(sampling, static_cast<double>(count));
    case Sampling::Protocol::VideoMaeEven:
      return interleaved(sampling, count);
    case Sampling::Protocol::TimeSformer:
      return fromStart(sampling, static_cast<double>(count));
    case Sampling::Protocol::TimeSformerEven:
      return segmentMiddles(sampling, static_cast<double>(count));
    case Sampling::Protocol::Vivit:
      return windows(sampling, static_cast<double>(count));
  }
  return {};
}

}  // namespace tubelet::video

#include "video/reading/reader.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "video/container/packet_reader.h"
#include "video/reading/clip_pictures.h"
#include "video/selection/header_check.h"
#include "video/selection/sampler.h"
#include "video/selection/scan.h"

namespace tubelet::video {
namespace {

/// How much of the video has to be known; none: all of it.
std::optional<Extent> extentOf(const Sampling& sampling) {
  // One frame more than is taken: it says when the last one ends.
  switch (sampling.mode) {
    case Sampling::Mode::Consecutive:
      return Extent{sampling.start, static_cast<std::size_t>(sampling.frames) + 1};
    case Sampling::Mode::Timestamps: {
      const auto [first, last] = std::ranges::minmax(sampling.timestamps);
      // For what is out of range the message names the video's end.
      const bool inside = first >= sampling.start && last < sampling.end.value_or(HUGE_VAL);
      return inside ? std::optional(Extent{last, 2}) : std::nullopt;
    }
    case Sampling::Mode::Indices: {
      const auto [first, last] = std::ranges::minmax(sampling.indices);
      const bool inside = first >= 0 && sampling.start == 0 && !sampling.end;
      return inside ? std::optional(Extent{0, static_cast<std::size_t>(last) + 2}) : std::nullopt;
    }
    case Sampling::Mode::Protocol: {
      // One clip of this protocol is at the beginning, whatever follows.
      const bool first = sampling.protocol == Sampling::Protocol::TimeSformer && sampling.clips == 1;
      const double length = sampling.frames * sampling.stride / sampling.fps;
      return first ? std::optional(Extent{sampling.start + length, 2}) : std::nullopt;
    }
    case Sampling::Mode::Trained:
    case Sampling::Mode::Spread:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

ClipInfo readClip(Source& source, const Sampling& sampling, const ReadOptions& options, FrameSink& sink,
                  const CancelToken& token) {
  checkSampling(sampling);
  PacketReader packets(source, options, token);
  packets.demuxer().requireWhole();
  const Timeline timeline = scanTimeline(packets, options, extentOf(sampling));
  const Sample sample = sampleFrames(sampling, timeline.times(), timeline.end(timeline.frames.size() - 1));

  ClipInfo info = describeClip(sample, timeline);
  info.warnings = videoWarnings(packets.demuxer(), timeline);
  readPictures(packets, timeline, sample, options, sink, info);
  return info;
}

}  // namespace tubelet::video

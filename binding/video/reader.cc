#include "video/reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "video/clip_reader.h"
#include "video/packet_reader.h"
#include "video/plan.h"
#include "video/sampler.h"
#include "video/scan.h"
#include "video/text.h"

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

/// Of the containers that give each stream a duration of its own. That of a whole file is the longest stream's, and
/// libav makes others up.
std::optional<double> ownDuration(const Demuxer& demuxer) {
  const AVStream& stream = demuxer.stream();
  if (av_match_list(demuxer.format().iformat->name, "mov,avi", ',') == 0) return std::nullopt;
  if (stream.duration == AV_NOPTS_VALUE || stream.duration <= 0) return std::nullopt;
  return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
}

void compareDurations(const Demuxer& demuxer, const Timeline& timeline, ClipInfo& info) {
  if (!timeline.whole) return;
  const std::optional<double> said = ownDuration(demuxer);
  const double found = timeline.end(timeline.frames.size() - 1);
  constexpr double kSeconds = 1;
  constexpr double kPart = 0.1;
  if (!said || std::abs(*said - found) <= std::max(kSeconds, kPart * found)) return;
  info.warnings.push_back("The header says that the video lasts " + secondsText(*said) + "; its frames last " +
                          secondsText(found) + ".");
}

}  // namespace

ClipInfo readClip(Source& source, const Sampling& sampling, const ReadOptions& options, FrameSink& sink,
                  const CancelToken& token) {
  checkSampling(sampling);
  PacketReader packets(source, options, token);
  packets.demuxer().requireWhole();
  const Timeline timeline = scanTimeline(packets, options, extentOf(sampling));
  const std::size_t last = timeline.frames.size() - 1;
  const Sample sample = sampleFrames(sampling, timeline.times(), timeline.end(last));

  ClipInfo info;
  info.warnings = packets.demuxer().warnings();
  if (info.warnings.empty()) compareDurations(packets.demuxer(), timeline, info);
  std::vector<Target> targets = targetsOf(sample.frames, timeline);
  const auto [first, final] = std::ranges::minmax(sample.frames);
  info.timestamps.resize(sample.frames.size());
  info.start = timeline.seconds(timeline.frames[first].pts);
  info.end = timeline.end(final);
  info.repeated = sample.repeated;
  info.tooShort = sample.tooShort;
  ClipReader(packets, timeline, std::move(targets), options, sink, info).read();
  return info;
}

}  // namespace tubelet::video

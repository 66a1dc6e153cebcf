#include "video/timeline.h"

#include <algorithm>
#include <queue>
#include <string>

#include "engine/error.h"
#include "video/restart.h"

namespace tubelet::video {
namespace {

/// Tells when the `count` frames shown first are known: no later packet can be shown before them once decoding times
/// have passed the latest of them.
class FirstFrames {
 public:
  explicit FirstFrames(std::optional<std::size_t> count) : count_(count) {}

  bool complete(std::int64_t dts) const {
    return count_ && earliest_.size() == *count_ && dts != AV_NOPTS_VALUE && dts > earliest_.top();
  }
  void add(std::int64_t pts) {
    if (!count_) return;
    earliest_.push(pts);
    if (earliest_.size() > *count_) earliest_.pop();
  }

 private:
  std::optional<std::size_t> count_;
  std::priority_queue<std::int64_t> earliest_;
};

struct Shown {
  std::int64_t pts;
  std::int64_t dts;
  std::int64_t duration;
};

}  // namespace

double Timeline::seconds(std::int64_t at) const {
  return static_cast<double>(at - pts.front()) * av_q2d(timeBase);
}

std::vector<double> Timeline::times() const {
  std::vector<double> all;
  all.reserve(pts.size());
  for (const std::int64_t at : pts) all.push_back(seconds(at));
  return all;
}

double Timeline::end(std::size_t index) const {
  return index + 1 < pts.size() ? seconds(pts[index + 1]) : seconds(pts[index] + lastDuration);
}

std::int64_t Timeline::restartFor(std::int64_t at) const {
  std::int64_t packet = 0;
  for (const Restart& restart : restarts) {
    if (restart.pts <= at) packet = restart.packet;
  }
  return packet;
}

Timeline scanTimeline(Demuxer& demuxer, const Limits& limits, std::optional<std::size_t> firstFrames) {
  const AVCodecParameters& codec = *demuxer.stream().codecpar;
  const PacketPtr packet(av_packet_alloc());
  std::vector<Shown> shown;
  Timeline timeline;
  timeline.timeBase = demuxer.stream().time_base;
  FirstFrames first(firstFrames);
  for (std::int64_t place = 0; demuxer.read(*packet); ++place) {
    if (place >= limits.frames) {
      throw Error(ErrorCode::LimitExceeded, demuxer.source().name() + " has more than " +
                                                std::to_string(limits.frames) +
                                                " frames. Raise the limit `frames` to read it.");
    }
    if (first.complete(packet->dts)) break;
    if (!isShown(codec, *packet)) continue;
    shown.push_back({packet->pts, packet->dts, packet->duration});
    if (packet->pts == AV_NOPTS_VALUE) {
      timeline.byRank = true;
      continue;
    }
    first.add(packet->pts);
    if (isRestartPoint(codec, *packet)) timeline.restarts.push_back({place, packet->pts});
  }
  if (shown.empty()) {
    throw Error(ErrorCode::CorruptVideo, "The video stream of " + demuxer.source().name() + " holds no frames.");
  }

  if (timeline.byRank) {
    timeline.restarts.clear();
    std::int64_t next = 0;
    for (Shown& frame : shown) {
      frame.pts = frame.dts == AV_NOPTS_VALUE ? next : frame.dts;
      next = frame.pts + std::max<std::int64_t>(frame.duration, 1);
    }
  }
  std::ranges::stable_sort(shown, {}, &Shown::pts);
  for (const Shown& frame : shown) timeline.pts.push_back(frame.pts);
  timeline.lastDuration = std::max<std::int64_t>(shown.back().duration, 0);
  if (timeline.lastDuration == 0 && shown.size() > 1) {
    timeline.lastDuration = shown.back().pts - shown[shown.size() - 2].pts;
  }
  return timeline;
}

}  // namespace tubelet::video

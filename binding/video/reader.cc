#include "video/reader.h"

#include <cstdio>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "video/converter.h"
#include "video/decoder.h"
#include "video/demuxer.h"
#include "video/sampler.h"
#include "video/source.h"
#include "video/timeline.h"
#include "video/truncation.h"

namespace tubelet::video {
namespace {

/// A frame to fetch and the slots it fills.
struct Target {
  std::size_t index;  ///< into the timeline
  std::vector<int> slots;
};

std::vector<Target> targetsOf(const std::vector<std::size_t>& frameOfSlot) {
  std::map<std::size_t, std::vector<int>> slotsOfFrame;
  for (std::size_t slot = 0; slot < frameOfSlot.size(); ++slot) {
    slotsOfFrame[frameOfSlot[slot]].push_back(static_cast<int>(slot));
  }
  std::vector<Target> targets;
  for (auto& [index, slots] : slotsOfFrame) targets.push_back({index, std::move(slots)});
  return targets;
}

std::string secondsText(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", seconds);
  return text;
}

/// Decodes one pass over a stream, fills the slots and notes what it did.
class ClipReader {
 public:
  ClipReader(Demuxer& demuxer, const Timeline& timeline, const Sampling& sampling, const ReadOptions& options,
             FrameSink& sink)
      : demuxer_(demuxer),
        timeline_(timeline),
        sink_(sink),
        decoder_(demuxer.stream(), options.limits, demuxer.source().name()),
        converter_(demuxer, options),
        targets_(targetsOf(sampleFrames(sampling, timeline.times()))) {
    info_.timestamps.resize(static_cast<std::size_t>(sampling.frames));
    info_.repeated = targets_.size() < info_.timestamps.size();
    info_.start = timeline.seconds(timeline.pts[targets_.front().index]);
    info_.end = timeline.end(targets_.back().index);
  }

  ClipInfo read() {
    const PacketPtr packet(av_packet_alloc());
    std::int64_t resume = resumePacket();
    for (std::int64_t place = 0; !done(); ++place) {
      if (!demuxer_.read(*packet)) {
        decoder_.send(nullptr);
        receive();
        break;
      }
      if (place < resume) continue;
      decoder_.send(packet.get());
      if (!receive() || done()) continue;
      // Packets between here and the next frame's restart point need not be decoded.
      resume = resumePacket();
      if (resume > place + 1) {
        decoder_.restart();
        previous_.reset();
      }
    }
    if (!done()) fillRest();
    if (converter_.sizeChanged()) {
      info_.warnings.emplace_back("The picture's size changes in mid-stream; all frames were scaled to the first's.");
    }
    info_.toneMapped = converter_.toneMapped();
    return std::move(info_);
  }

 private:
  bool done() const { return next_ == targets_.size(); }

  /// The place of the packet to go on with for the next target.
  std::int64_t resumePacket() const { return timeline_.restartFor(timeline_.pts[targets_[next_].index]); }

  /// Takes what the decoder has ready; true when that filled a slot.
  bool receive() {
    const std::size_t before = next_;
    while (!done()) {
      FramePtr frame(av_frame_alloc());
      if (!decoder_.receive(*frame)) break;
      demuxer_.token().check();
      if (const std::optional<std::int64_t> shown = shownAt(*frame)) take(std::move(frame), *shown);
    }
    return next_ != before;
  }

  /// When the frame is shown, in units of the timeline.
  std::optional<std::int64_t> shownAt(const AVFrame& frame) {
    if (timeline_.byRank) {
      const std::size_t rank = rank_++;
      if (rank >= timeline_.pts.size()) return std::nullopt;
      return timeline_.pts[rank];
    }
    if (frame.pts != AV_NOPTS_VALUE) return frame.pts;
    if (frame.best_effort_timestamp != AV_NOPTS_VALUE) return frame.best_effort_timestamp;
    return std::nullopt;
  }

  void take(FramePtr frame, std::int64_t shown) {
    while (!done() && targetTime() < shown) {
      // The scan saw a frame there that the decoder did not give: the one on the screen then is the one before it.
      const bool earlier = previous_ != nullptr;
      substitute(earlier ? *previous_ : *frame, earlier ? previousTime_ : shown);
    }
    if (!done() && targetTime() == shown) fill(*frame, shown);
    previous_ = std::move(frame);
    previousTime_ = shown;
  }

  /// The stream ended before the last targets came out of the decoder.
  void fillRest() {
    decoder_.requireFrames();
    if (!previous_) {
      throw Error(ErrorCode::CorruptVideo, "Cannot decode " + demuxer_.source().name() + " from " +
                                               secondsText(timeline_.seconds(targetTime())) + " on.");
    }
    while (!done()) substitute(*previous_, previousTime_);
  }

  std::int64_t targetTime() const { return timeline_.pts[targets_[next_].index]; }

  void substitute(AVFrame& frame, std::int64_t shown) {
    info_.warnings.push_back("The frame at " + secondsText(timeline_.seconds(targetTime())) +
                             " could not be decoded; the one at " + secondsText(timeline_.seconds(shown)) +
                             " took its place.");
    info_.repeated = true;
    fill(frame, shown);
  }

  void fill(AVFrame& frame, std::int64_t shown) {
    const Target& target = targets_[next_++];
    const double time = timeline_.seconds(shown);
    if (frame.decode_error_flags != 0 || frame.flags & AV_FRAME_FLAG_CORRUPT) {
      info_.warnings.push_back("The frame at " + secondsText(time) + " is damaged; the decoder patched it up.");
    }
    for (const int slot : target.slots) info_.timestamps[static_cast<std::size_t>(slot)] = time;
    sink_.frame(target.slots, converter_.convert(frame));
  }

  Demuxer& demuxer_;
  const Timeline& timeline_;
  FrameSink& sink_;
  Decoder decoder_;
  Converter converter_;
  std::vector<Target> targets_;  // in order of presentation
  std::size_t next_ = 0;         // the first target without a frame
  std::size_t rank_ = 0;         // frames decoded so far
  FramePtr previous_;
  std::int64_t previousTime_ = 0;
  ClipInfo info_;
};

}  // namespace

ClipInfo readClip(Source& source, const Sampling& sampling, const ReadOptions& options, FrameSink& sink,
                  const CancelToken& token) {
  if (sampling.frames < 1) throw Error(ErrorCode::InvalidArgument, "A clip needs at least one frame.");
  if (!(sampling.interval >= 0)) throw Error(ErrorCode::InvalidArgument, "The interval must not be negative.");

  Timeline timeline;
  {
    Demuxer demuxer(source, options, token);
    if (const auto missing = missingBytes(source, token)) {
      throw Error(ErrorCode::TruncatedVideo,
                  source.name() + " was cut short; " + *missing + ". Copy or download it again.");
    }
    std::optional<std::size_t> firstFrames;
    if (sampling.mode == Sampling::Mode::Consecutive) {
      // One more than the clip has: it says when the last frame ends.
      firstFrames = static_cast<std::size_t>(sampling.frames) + 1;
    }
    timeline = scanTimeline(demuxer, options.limits, firstFrames);
  }

  // A second demuxer rather than a seek back to the start: every container can do it, and it repeats the scan exactly.
  Demuxer demuxer(source, options, token);
  return ClipReader(demuxer, timeline, sampling, options, sink).read();
}

}  // namespace tubelet::video

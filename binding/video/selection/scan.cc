#include "video/selection/scan.h"

#include <algorithm>
#include <new>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "video/selection/picture_order.h"
#include "video/selection/restart.h"
#include "video/selection/trial.h"

namespace tubelet::video {
namespace {

/// Detects when the frames of an extent are known: no later packet can be shown before them once decoding times have
/// passed the latest of them.
class ExtentWatch {
 public:
  ExtentWatch(const Extent& extent, AVRational timeBase)
      : frames_(extent.frames), from_(static_cast<std::int64_t>(std::min(extent.from / av_q2d(timeBase), 1e18))) {}

  void add(std::int64_t pts) {
    start_ = std::min(start_, pts);
    if (pts - start_ < from_) return;
    earliest_.push(pts);
    if (earliest_.size() > frames_) earliest_.pop();
  }
  bool complete(std::int64_t dts) const {
    return earliest_.size() == frames_ && dts != AV_NOPTS_VALUE && dts > earliest_.top();
  }

 private:
  std::size_t frames_;
  std::int64_t from_;
  std::int64_t start_ = INT64_MAX;
  std::priority_queue<std::int64_t> earliest_;
};

/// One pass over the packets.
class Scan {
 public:
  Scan(PacketReader& packets, const ReadOptions& options)
      : packets_(packets),
        options_(options),
        stream_(packets.demuxer().stream()),
        inspector_(*stream_.codecpar),
        order_(*stream_.codecpar) {
    timeline_.timeBase = stream_.time_base;
  }

  Timeline run(std::optional<Extent> extent) {
    readPackets(extent);
    requireFrames();
    // A field's time does not show which frame it belongs to: either both may be left out or neither.
    timeline_.unreferencedKnown = inspector_.identifiesUnreferenced() && !fields_;
    if (missing_ > 0 && backwards_ == 0 && !fields_ && oneFrameEach()) {
      countFrames();
    } else if (missing_ > 0 || irregular()) {
      decodeAll();
    } else if (!beginsWell()) {
      decodeBeginning();
    }
    std::ranges::stable_sort(shown_, {}, &Shown::pts);
    for (const Shown& frame : shown_) timeline_.frames.push_back({frame.pts, frame.place});
    timeline_.lastDuration = lastDuration();
    return std::move(timeline_);
  }

 private:
  struct Shown {
    std::int64_t pts;
    std::int64_t dts;
    std::int64_t duration;
    std::int64_t place;
  };

  void readPackets(std::optional<Extent> extent) {
    const PacketPtr packet(av_packet_alloc());
    if (!packet) throw std::bad_alloc();
    std::optional<ExtentWatch> watch;
    if (extent) watch.emplace(*extent, stream_.time_base);
    while (packets_.read(*packet)) {
      const std::int64_t place = packets_.place() - 1;
      if (place >= options_.limits.frames) {
        throw Error(ErrorCode::LimitExceeded, packets_.demuxer().source().name() + " has more than " +
                                                  std::to_string(options_.limits.frames) +
                                                  " frames. Raise the limit `frames` to read it.");
      }
      if (watch && !halfFrame_ && watch->complete(packet->dts) && beginsWell()) {
        timeline_.whole = false;
        return;
      }
      const BitstreamInspector::Picture picture = inspector_.inspect(*packet);
      if (completesFrame(order_.add(*packet, picture.shown, picture.resetsOrder))) {
        shown_.back().place = place;
        continue;
      }
      noteRestart(*packet, picture.restart, place);
      if (!picture.shown) continue;
      note(*packet, picture.restart, place);
      if (watch && packet->pts != AV_NOPTS_VALUE) watch->add(packet->pts);
    }
    oddFields_ = oddFields_ || halfFrame_;
  }

  /// H.264 may have each field in a packet of its own.
  bool completesFrame(PictureOrder::Part part) {
    using Part = PictureOrder::Part;
    fields_ = fields_ || part != Part::Frame;
    oddFields_ = oddFields_ || part == Part::OddField;
    halfFrame_ = part == Part::FirstField;
    return part == Part::SecondField;
  }

  void noteRestart(const AVPacket& packet, BitstreamInspector::Restart restart, std::int64_t place) {
    using Restart = BitstreamInspector::Restart;
    if (place > 0 && (restart == Restart::No || packet.flags & AV_PKT_FLAG_DISCARD)) return;
    if (restart == Restart::Open) open_ = true;
    timeline_.restarts.push_back({.place = place,
                                  .rank = static_cast<std::int64_t>(shown_.size()),
                                  .pts = packet.pts,
                                  .dts = packet.dts,
                                  .position = packet.pos,
                                  .size = packet.size,
                                  .proven = restart != Restart::No});
  }

  void note(const AVPacket& packet, BitstreamInspector::Restart restart, std::int64_t place) {
    shown_.push_back({packet.pts, packet.dts, packet.duration, place});
    if (packet.dts != AV_NOPTS_VALUE) {
      if (packet.dts <= lastDts_) ++backwards_;
      lastDts_ = packet.dts;
    }
    if (packet.pts == AV_NOPTS_VALUE) {
      ++missing_;
      lastDuration_ = packet.duration;
      return;
    }
    // Whatever precedes a restart point in the file is shown before it.
    if (restart != BitstreamInspector::Restart::No && packet.pts <= latest_) ++backwards_;
    if (packet.pts >= latest_) {
      latest_ = packet.pts;
      lastDuration_ = packet.duration;
    }
    if (packet.pts < timeline_.restarts.front().pts) ++leading_;
  }

  /// The decoder gives all frames from the first packet on.
  bool beginsWell() const { return timeline_.restarts.front().proven && leading_ == 0; }

  /// HEVC may have a packet for each field too, the second without a time.
  bool oneFrameEach() const {
    const AVCodecID codec = stream_.codecpar->codec_id;
    if (inspector_.packsPictures()) return false;
    return missing_ == shown_.size() || (codec != AV_CODEC_ID_H264 && codec != AV_CODEC_ID_HEVC);
  }

  bool irregular() {
    if (backwards_ > 0 || oddFields_ || order_.contradicted()) return true;
    std::vector<std::int64_t> times;
    times.reserve(shown_.size());
    for (const Shown& frame : shown_) times.push_back(frame.pts);
    std::ranges::sort(times);
    return std::ranges::adjacent_find(times) != times.end();
  }

  /// AVI and MPEG-PS: a decoder gives a frame for each packet, and the time of the k-th is the k-th decoding time.
  void countFrames() {
    timeline_.byRank = true;
    std::int64_t next = 0;
    std::int64_t rank = 0;
    for (Shown& frame : shown_) {
      frame.pts = frame.dts == AV_NOPTS_VALUE ? next : frame.dts;
      frame.place = rank++;
      next = frame.pts + std::max<std::int64_t>(frame.duration, 1);
    }
    // How many frames are left out after an open restart point is up to the decoder.
    if (open_) timeline_.restarts.resize(1);
  }

  /// Times that repeat, go backwards or contradict the decoder's order, or odd fields: only decoding reveals the
  /// frames.
  void decodeAll() {
    timeline_.byRank = true;
    packets_.goTo(timeline_.restarts.front());
    timeline_.restarts.resize(1);
    shown_.clear();
    std::int64_t rank = 0;
    std::optional<std::int64_t> last;
    std::int64_t step = 0;
    for (const std::int64_t time : decodedTimes(packets_, options_)) {
      const bool timed = time != AV_NOPTS_VALUE;
      if (timed && last) step = std::max<std::int64_t>(time - *last, 0);
      // A frame without a time (the last ones of an AVI) follows the previous frame at that frame's distance.
      last = timed ? time : last.value_or(0) + step;
      shown_.push_back({*last, AV_NOPTS_VALUE, 0, rank++});
    }
    requireFrames();
  }

  void decodeBeginning() {
    const auto proven = std::ranges::find_if(timeline_.restarts, &Timeline::Restart::proven);
    const bool found = proven != timeline_.restarts.end();
    packets_.goTo(timeline_.restarts.front());
    const DecodedBeginning beginning = decodeBeginningOf(packets_, options_, found ? proven->pts : INT64_MAX);
    std::erase_if(shown_, [&beginning](const Shown& frame) {
      return frame.pts < beginning.until && !std::ranges::binary_search(beginning.times, frame.pts);
    });
    requireFrames();
  }

  void requireFrames() const {
    if (!shown_.empty()) return;
    throw Error(ErrorCode::CorruptVideo,
                "The video stream of " + packets_.demuxer().source().name() + " holds no frames.");
  }

  /// Of the last frame; where the container gives none, as long as the one before, else as the frame rate says.
  std::int64_t lastDuration() const {
    if (lastDuration_ > 0) return lastDuration_;
    if (shown_.size() > 1) return shown_.back().pts - shown_[shown_.size() - 2].pts;
    const AVRational rate = stream_.avg_frame_rate;
    return rate.num > 0 && rate.den > 0 ? av_rescale_q(1, av_inv_q(rate), stream_.time_base) : 0;
  }

  PacketReader& packets_;
  const ReadOptions& options_;
  AVStream& stream_;
  BitstreamInspector inspector_;
  PictureOrder order_;
  Timeline timeline_;
  std::vector<Shown> shown_;  // in file order
  std::size_t missing_ = 0;   // packets without a presentation time
  bool open_ = false;
  bool fields_ = false;     // some packet holds a single field
  bool halfFrame_ = false;  // the last packet held the first field of a frame
  bool oddFields_ = false;  // some field's partner is unknown
  int backwards_ = 0;
  int leading_ = 0;
  std::int64_t lastDts_ = INT64_MIN;
  std::int64_t latest_ = INT64_MIN;
  std::int64_t lastDuration_ = 0;  // of the frame shown at latest_
};

}  // namespace

Timeline scanTimeline(PacketReader& packets, const ReadOptions& options, std::optional<Extent> extent) {
  return Scan(packets, options).run(extent);
}

}  // namespace tubelet::video

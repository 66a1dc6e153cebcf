#include "video/reading/clip_reader.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/error.h"
#include "video/common/text.h"

namespace tubelet::video {
namespace {

bool flaggedDamaged(const AVFrame& frame) {
  return frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT);
}

}  // namespace

ClipReader::ClipReader(PacketReader& packets, const Timeline& timeline, std::vector<Target> targets,
                       const ReadOptions& options, FrameSink& sink, ClipInfo& info)
    : packets_(packets),
      timeline_(timeline),
      options_(options),
      sink_(sink),
      converter_(packets.demuxer(), options),
      deinterlacer_(packets.demuxer().stream()),
      packet_(av_packet_alloc()),
      targets_(std::move(targets)),
      info_(info) {
  if (!packet_) throw std::bad_alloc();
}

void ClipReader::read() {
  while (!done()) readMore();
  if (rescaled_) {
    info_.warnings.emplace_back("The picture's size changes in mid-stream; all frames were scaled to the first's.");
  }
}

void ClipReader::readMore() {
  const std::size_t before = next_;
  while (next_ == before) decodeOn();
}

/// A step of the current run, or of the next one.
void ClipReader::decodeOn() {
  if (!running_) beginRun();
  if (runDone() || repeat_ || !decodeNext()) endRun();
}

/// There is no more to decode for this run.
void ClipReader::endRun() {
  running_ = false;
  if (!runDone() && !repeat_) {
    decoder_->send(nullptr);
    receive();
  }
  if (waiting_ && !repeat_) fillWaiting(nullptr);
  if (!runDone() && !repeat_) {
    // The remaining frames did not come out.
    if (shortcuts_) {
      repeat(false);
    } else if (previous_.frame) {
      while (!runDone()) substitute(*previous_.frame, previous_.order);
    } else {
      throw Error(ErrorCode::CorruptVideo,
                  "Cannot decode " + packets_.demuxer().source().name() + " from " + secondsText(dueTime()) +
                      " on: its " + decoder_->codecName() + " video is damaged.",
                  decoder_->damage());
    }
  }
  if (repeat_) return;
  shortcuts_ = true;
  back_ = 0;
}

void ClipReader::beginRun() {
  running_ = true;
  run_ = firstRun(std::span(targets_).subspan(next_), timeline_, neighbours_);
  runEnd_ = next_ + run_.targets;
  run_.restart = timeline_.before(run_.restart, back_);
  if (decoder_) {
    decoder_->restart();
  } else {
    const Demuxer& demuxer = packets_.demuxer();
    decoder_ = std::make_unique<Decoder>(demuxer.stream(), options_, demuxer.source().name());
  }
  decoder_->giveUpDamaged(run_.restart.proven && options_.onCorrupt == ReadOptions::OnCorrupt::Error);
  packets_.goTo(run_.restart);
  repeat_ = false;
  settled_ = run_.restart.proven;
  noted_ = false;
  sound_ = false;
  waiting_ = false;
  rank_ = run_.restart.rank;
  if (previous_.frame && previous_.order >= due()) previous_ = {};
}

/// False when there is no more to decode for this run, except what the decoder still holds.
bool ClipReader::decodeNext() {
  if (shortcuts_ && run_.lastPlace && packets_.place() > *run_.lastPlace) return false;
  if (!packets_.read(*packet_)) return false;
  decoder_->skipUnreferenced(shortcuts_ && settled_ && timeline_.unreferencedKnown && !timeline_.byRank &&
                             packet_->pts != AV_NOPTS_VALUE && !run_.wants(packet_->pts));
  if (!decoder_->send(packet_.get())) {
    damaged(packet_->pts, "its " + std::string(decoder_->codecName()) + " video is damaged", decoder_->damage());
  }
  receive();
  return true;
}

/// Takes what the decoder has ready.
void ClipReader::receive() {
  while (!runDone() && !repeat_) {
    FramePtr frame(av_frame_alloc());
    if (!frame) throw std::bad_alloc();
    const Decoder::Received received = decoder_->receive(*frame);
    if (received == Decoder::Received::Nothing) return;
    packets_.demuxer().token().check();
    if (received == Decoder::Received::Damage) {
      damaged(packet_->pts, "its " + std::string(decoder_->codecName()) + " video is damaged", decoder_->damage());
      continue;
    }
    const std::optional<std::int64_t> order = orderOf(*frame);
    // Frames that follow an open restart point in the file and are shown before it lack what they refer to.
    const bool leading = run_.restart.place > 0 && order && !timeline_.byRank && *order < run_.restart.pts;
    if (order && !leading) take({std::move(frame), *order});
  }
}

std::optional<std::int64_t> ClipReader::orderOf(const AVFrame& frame) {
  if (timeline_.byRank) return rank_++;
  if (frame.pts != AV_NOPTS_VALUE) return frame.pts;
  if (frame.best_effort_timestamp != AV_NOPTS_VALUE) return frame.best_effort_timestamp;
  return std::nullopt;
}

void ClipReader::take(Shown shown) {
  checkFlags(*shown.frame, shown.order);
  if (repeat_) return;
  if (waiting_) fillWaiting(&shown);
  while (!runDone() && !repeat_ && due() < shown.order) {
    // The scan saw a frame there that the decoder did not return: the one before it is on the screen then.
    const Shown& instead = previous_.frame ? previous_ : shown;
    shortcuts_ ? repeat(false) : substitute(*instead.frame, instead.order);
  }
  if (repeat_) return;
  if (!runDone() && due() == shown.order) takeTarget(shown);
  if (repeat_) return;
  beforePrevious_ = std::exchange(previous_, std::move(shown));
}

void ClipReader::takeTarget(const Shown& shown) {
  if (!Deinterlacer::needed(*shown.frame)) {
    fill(*shown.frame, dueTime());
  } else if (neighbours_) {
    waiting_ = true;
  } else {
    neighbours_ = true;
    repeat(shortcuts_);
  }
}

/// The previous frame is the target; `next` may be null.
void ClipReader::fillWaiting(const Shown* next) {
  waiting_ = false;
  const bool before = beforePrevious_.frame && adjacent(beforePrevious_, previous_.order);
  const bool after = next && adjacent(previous_, next->order);
  const FramePtr whole = deinterlacer_.deinterlace(before ? beforePrevious_.frame.get() : nullptr, *previous_.frame,
                                                   after ? next->frame.get() : nullptr);
  fill(*whole, dueTime());
}

bool ClipReader::adjacent(const Shown& earlier, std::int64_t order) const {
  if (timeline_.byRank) return earlier.order + 1 == order;
  const auto place = std::ranges::upper_bound(timeline_.frames, earlier.order, {}, &Timeline::Frame::pts);
  return place != timeline_.frames.end() && place->pts == order;
}

void ClipReader::fill(AVFrame& frame, double time) {
  const std::vector<int>& slots = targets_[next_++].slots;
  for (const int slot : slots) info_.timestamps[static_cast<std::size_t>(slot)] = time;
  const Picture picture = converter_.convert(frame);
  info_.toneMapped = info_.toneMapped || picture.toneMapped;
  rescaled_ = rescaled_ || picture.rescaled;
  sink_.frame(slots, picture);
}

void ClipReader::substitute(AVFrame& frame, std::int64_t order) {
  const std::string missing = secondsText(dueTime());
  if (options_.onCorrupt == ReadOptions::OnCorrupt::Error) {
    throw Error(ErrorCode::CorruptVideo,
                "Cannot decode " + packets_.demuxer().source().name() + " at " + missing + ": the frame there is lost.",
                decoder_->damage());
  }
  const double time = seconds(order);
  info_.warnings.push_back("The frame at " + missing + " could not be decoded; the one at " + secondsText(time) +
                           " was used instead.");
  info_.repeated = true;
  fill(frame, time);
}

void ClipReader::repeat(bool shortcuts) {
  repeat_ = true;
  shortcuts_ = shortcuts;
  decoder_.reset();
}

void ClipReader::checkFlags(const AVFrame& frame, std::int64_t order) {
  if (!flaggedDamaged(frame)) {
    settled_ = true;
    sound_ = true;
    return;
  }
  if (settled_ && (shortcuts_ || options_.onCorrupt == ReadOptions::OnCorrupt::Error)) {
    damaged(order, "the frame there is damaged", decoder_->damage());
  } else if (!beganDamaged() && !runDone() && due() == order) {
    info_.warnings.push_back("The frame at " + secondsText(seconds(order)) + " is damaged; the decoder patched it up.");
  }
}

/// `pts`: where, if known.
void ClipReader::damaged(std::int64_t pts, const std::string& what, const std::string& reason) {
  const bool beyond = run_.lastPlace && packets_.place() > *run_.lastPlace + 1;
  if (!settled_ || beyond || runDone()) return;
  const double time = pts == AV_NOPTS_VALUE || timeline_.byRank ? dueTime() : timeline_.seconds(pts);
  const std::string message =
      "Cannot decode " + packets_.demuxer().source().name() + " at " + secondsText(time) + ": " + what + ".";
  if (options_.onCorrupt == ReadOptions::OnCorrupt::Error) throw Error(ErrorCode::CorruptVideo, message, reason);
  if (shortcuts_) {
    repeat(false);
  } else if (!beganDamaged() && !std::exchange(noted_, true)) {
    info_.warnings.push_back(message);
  }
}

/// Whether the run is repeated from further back, twice as far each time: no undamaged frame has come out of it yet.
bool ClipReader::beganDamaged() {
  if (sound_ || run_.restart.place == timeline_.restarts.front().place) return false;
  back_ = std::max<std::ptrdiff_t>(2 * back_, 1);
  repeat(false);
  return true;
}

double ClipReader::seconds(std::int64_t order) const {
  if (!timeline_.byRank) return timeline_.seconds(order);
  const auto frame = std::ranges::find(timeline_.frames, order, &Timeline::Frame::place);
  return frame == timeline_.frames.end() ? 0 : timeline_.seconds(frame->pts);
}

}  // namespace tubelet::video

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "video/common/clip.h"
#include "video/container/packet_reader.h"
#include "video/container/timeline.h"
#include "video/pictures/converter.h"
#include "video/pictures/decoder.h"
#include "video/pictures/deinterlacer.h"
#include "video/selection/plan.h"

namespace tubelet::video {

/// Decodes the frames of a clip, run by run, and hands them to the sink.
///
/// A run takes two shortcuts: unneeded pictures are not decoded, and the decoder is drained once it has the last packet
/// that matters. Where a frame is missed nonetheless, the run is repeated without them, so that what a damaged file
/// gives does not depend on shortcuts. Where tolerated damage affects the very picture that a run begins with, the run
/// is repeated from further back: the decoder conceals the damage from the pictures before it.
class ClipReader {
 public:
  /// `packets`, `timeline`, `options`, `sink` and `info` must outlive this.
  ClipReader(PacketReader& packets, const Timeline& timeline, std::vector<Target> targets, const ReadOptions& options,
             FrameSink& sink, ClipInfo& info);

  /// Fills the times of the slots and the warnings of `info`. Throws as readClip does.
  void read();
  /// The same in steps: until at least one more frame has gone to the sink. Must not be called once done().
  void readMore();
  bool done() const { return next_ == targets_.size(); }

 private:
  /// A decoded frame and its Timeline::order().
  struct Shown {
    FramePtr frame;
    std::int64_t order = 0;
  };

  bool runDone() const { return next_ == runEnd_; }
  /// Timeline::order() of the next target.
  std::int64_t due() const { return timeline_.order(timeline_.frames[targets_[next_].index]); }
  double dueTime() const { return timeline_.seconds(timeline_.frames[targets_[next_].index].pts); }

  void decodeOn();
  void beginRun();
  void endRun();
  bool decodeNext();
  void receive();
  void take(Shown shown);
  void takeTarget(const Shown& shown);
  void fillWaiting(const Shown* next);
  void fill(AVFrame& frame, double time);
  void substitute(AVFrame& frame, std::int64_t order);
  void repeat(bool shortcuts);

  void checkFlags(const AVFrame& frame, std::int64_t order);
  void damaged(std::int64_t pts, const std::string& what, const std::string& reason);
  bool beganDamaged();

  std::optional<std::int64_t> orderOf(const AVFrame& frame);
  /// Whether no frame is shown between those two.
  bool adjacent(const Shown& earlier, std::int64_t order) const;
  double seconds(std::int64_t order) const;

  PacketReader& packets_;
  const Timeline& timeline_;
  const ReadOptions& options_;
  FrameSink& sink_;
  std::unique_ptr<Decoder> decoder_;
  Converter converter_;
  Deinterlacer deinterlacer_;
  PacketPtr packet_;
  std::vector<Target> targets_;
  std::size_t next_ = 0;  // the first target without a frame
  ClipInfo& info_;
  bool rescaled_ = false;  // a picture so far was scaled to the size of the first

  Run run_;
  bool running_ = false;
  std::size_t runEnd_ = 0;  // the first target beyond the run
  bool shortcuts_ = true;
  bool neighbours_ = false;  // interlaced frames came: those around a target are needed too
  bool repeat_ = false;      // the run must be repeated
  bool settled_ = false;     // damage counts: the stream does not begin in mid-picture here, or has recovered
  bool noted_ = false;       // the run's first damage is among the warnings
  bool sound_ = false;       // a frame without damage has come out of the run
  std::ptrdiff_t back_ = 0;  // how many restart points earlier than necessary the run begins
  std::int64_t rank_ = 0;    // of the next frame that comes out
  Shown previous_;           // the last frame that came out
  Shown beforePrevious_;
  bool waiting_ = false;  // the previous frame is an interlaced target: it needs the next one
};

}  // namespace tubelet::video

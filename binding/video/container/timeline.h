#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "video/common/libav.h"

namespace tubelet::video {

/// When each frame of a video stream is shown: what headers say about durations, frame rates and counts is wrong even
/// in good files. See scan.h for how it is found.
struct Timeline {
  struct Frame {
    std::int64_t pts;  ///< in `timeBase` units
    /// The place in the file, among the stream's packets from 0, of the packet that brings the frame; with `byRank` the
    /// number of frames that the decoder gives before it.
    std::int64_t place;
  };

  /// A packet at which decoding may begin (see restart.h), and what it is recognised by after a seek.
  struct Restart {
    std::int64_t place = 0;  ///< among the stream's packets
    std::int64_t rank = 0;   ///< frames that the decoder gives before it
    std::int64_t pts = AV_NOPTS_VALUE;
    std::int64_t dts = AV_NOPTS_VALUE;
    std::int64_t position = -1;  ///< in the file, in bytes
    int size = 0;
    bool proven = false;  ///< false only for the beginning of a stream that begins in mid-picture
  };

  std::vector<Frame> frames;  ///< those that are shown, ascending in `pts`; of equal ones the last is on the screen
  /// Times do not identify the decoder's frames: they are missing, repeat or go backwards. Frames are counted instead.
  bool byRank = false;
  std::vector<Restart> restarts;  ///< ascending; the first is the beginning of the stream
  AVRational timeBase = {0, 1};
  std::int64_t lastDuration = 0;  ///< of the last frame
  /// Pictures that no other picture refers to can be identified and skipped (AVDISCARD_NONREF).
  bool unreferencedKnown = false;
  bool whole = true;  ///< false: only as many of the first frames as were asked for

  /// Seconds from the first frame shown.
  double seconds(std::int64_t at) const;
  /// Seconds of every frame; the first is 0.
  std::vector<double> times() const;
  /// When frame `index` ends: when the next is shown.
  double end(std::size_t index) const;
  /// What puts frames in the decoder's order: the frame's time, or its rank.
  std::int64_t order(const Frame& frame) const { return byRank ? frame.place : frame.pts; }
  /// The last packet from which a frame of this order(), and those after it, are decoded exactly.
  const Restart& restartFor(std::int64_t order) const;
  /// The one `count` places before `restart` in the list, or the first.
  const Restart& before(const Restart& restart, std::ptrdiff_t count) const;
};

}  // namespace tubelet::video

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "video/demuxer.h"

namespace tubelet::video {

/// When each frame of a video stream is shown, found by reading its packets and decoding none: what headers say about
/// durations, frame rates and counts lies even in good files.
struct Timeline {
  /// A packet at which decoding may begin (see restart.h).
  struct Restart {
    std::int64_t packet;  ///< its place in the file among the stream's packets, from 0
    std::int64_t pts;
  };

  /// Ascending; in `timeBase` units. Only frames that are shown: not those that an edit list cuts away.
  std::vector<std::int64_t> pts;
  /// The container gives no presentation times (AVI): `pts` holds decoding times, and frame k in order of presentation
  /// is the k-th of them, whatever time its decoder says.
  bool byRank = false;
  std::vector<Restart> restarts;  ///< ascending in `packet`; empty when `byRank`
  AVRational timeBase = {0, 1};
  std::int64_t lastDuration = 0;  ///< of the last frame shown

  /// Seconds from the first frame shown.
  double seconds(std::int64_t at) const;
  /// Seconds of every frame; the first is 0.
  std::vector<double> times() const;
  /// When frame `index` ends: when the next is shown.
  double end(std::size_t index) const;
  /// The place of the last packet from which the frame shown at `at` can be decoded exactly.
  std::int64_t restartFor(std::int64_t at) const;
};

/// Scans the whole stream, or, given `firstFrames`, at least as far as the first that many frames in order of
/// presentation. Throws Error (CORRUPT_VIDEO for no frames at all, LIMIT_EXCEEDED beyond `limits.frames` packets) and
/// as Demuxer::read does.
Timeline scanTimeline(Demuxer& demuxer, const Limits& limits, std::optional<std::size_t> firstFrames);

}  // namespace tubelet::video

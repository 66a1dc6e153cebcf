#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "video/container/timeline.h"

namespace tubelet::video {

/// A frame to fetch and the slots of the clip that it fills.
struct Target {
  std::size_t index;  ///< into the timeline
  std::vector<int> slots;
};

/// The frames that slots take, in the decoder's order. `frameOfSlot`: indexes into the timeline, for the slots from
/// `firstSlot` on.
std::vector<Target> targetsOf(const std::vector<std::size_t>& frameOfSlot, const Timeline& timeline, int firstSlot = 0);

/// A stretch of packets to decode without a gap, for one target or several.
struct Run {
  Timeline::Restart restart;  ///< where it begins
  std::size_t targets = 0;    ///< how many it is for
  /// The last packet that has to be decoded; none where packets cannot be matched to frames.
  std::optional<std::int64_t> lastPlace;
  std::vector<std::int64_t> wanted;  ///< Timeline::order() of the frames that must come out, ascending

  bool wants(std::int64_t order) const;
};

/// The first of the runs that fetch `targets`: from the last restart point before the first of them, and as far as
/// targets follow with none between them. `neighbours`: the frames before and after each target are wanted too.
Run firstRun(std::span<const Target> targets, const Timeline& timeline, bool neighbours);

}  // namespace tubelet::video

#pragma once

#include <cstdint>
#include <vector>

#include "video/common/clip.h"
#include "video/container/packet_reader.h"

namespace tubelet::video {

/// The times of all frames that a decoder gives from the current packet of `packets` on, in the order in which they
/// come, as libav estimates them (its "best effort"): AV_NOPTS_VALUE where it cannot. Damage is ignored.
std::vector<std::int64_t> decodedTimes(PacketReader& packets, const ReadOptions& options);

struct DecodedBeginning {
  std::vector<std::int64_t> times;  ///< presentation times of the frames that came out, ascending
  std::int64_t until;               ///< what is shown before this and is not among them does not come out
};

/// Decodes the beginning of a stream that begins in mid-picture, or with pictures that refer to missing ones: until a
/// frame comes out that is shown at `proven` or later, from where on all do, but not far beyond the first that comes
/// out.
DecodedBeginning decodeBeginningOf(PacketReader& packets, const ReadOptions& options, std::int64_t proven);

}  // namespace tubelet::video

#pragma once

#include <cstddef>
#include <optional>

#include "video/common/clip.h"
#include "video/container/packet_reader.h"
#include "video/container/timeline.h"

namespace tubelet::video {

/// As much of a video as a clip needs to know of: this many frames from this many seconds after its start on.
struct Extent {
  double from = 0;
  std::size_t frames = 0;
};

/// Finds the timeline from the stream's packets, decoding none where they prove by themselves which frames a decoder
/// gives; docs/sampling.md tells what is decoded where they do not. Reads the whole stream, or, given an extent, as far
/// as that takes at least.
///
/// `packets` must be at the beginning. Throws Error (CORRUPT_VIDEO for no frames at all, LIMIT_EXCEEDED beyond
/// `limits.frames` packets) and as PacketReader::read does.
Timeline scanTimeline(PacketReader& packets, const ReadOptions& options, std::optional<Extent> extent);

}  // namespace tubelet::video

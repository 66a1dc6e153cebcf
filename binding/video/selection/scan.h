#pragma once

#include <cstddef>
#include <optional>

#include "video/common/clip.h"
#include "video/container/packet_reader.h"
#include "video/container/timeline.h"

namespace tubelet::video {

/// How much of a video a clip needs to know: this many frames, from this many seconds after its start on.
struct Extent {
  double from = 0;
  std::size_t frames = 0;
};

/// Finds the timeline from the stream's packets, decoding none where they prove by themselves which frames a decoder
/// gives; docs/sampling.md says what is decoded where they do not. Reads the whole stream, or, given an extent, at
/// least as far as that needs.
///
/// `packets` must be at the beginning. Throws Error (CORRUPT_VIDEO for no frames at all, LIMIT_EXCEEDED beyond
/// `limits.frames` packets) and as PacketReader::read does.
Timeline scanTimeline(PacketReader& packets, const ReadOptions& options, std::optional<Extent> extent);

}  // namespace tubelet::video

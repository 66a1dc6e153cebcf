#pragma once

#include <string>
#include <vector>

#include "video/container/demuxer.h"
#include "video/container/timeline.h"

namespace tubelet::video {

/// Warnings about a video as a whole once its packets have been seen: the damage that was tolerated, or else a header
/// duration far from that of the frames, where the header has one and all frames are known.
std::vector<std::string> videoWarnings(const Demuxer& demuxer, const Timeline& timeline);

}  // namespace tubelet::video

#pragma once

#include <optional>
#include <string>

#include "engine/cancellation.h"
#include "video/container/source.h"

namespace tubelet::video {

/// Says which part of the container extends beyond the end of the file, or nothing when the file is complete.
///
/// libav silently reads a Matroska or AVI file that was cut short, so the file is judged by its own sizes: MP4's
/// top-level boxes, AVI's RIFF chunks, Matroska's segment and, where a live recording left the segment's size open, its
/// clusters, the blocks of clusters that were left open too, and the places that its indexes name. MPEG-TS, MPEG-PS,
/// FLV and Ogg promise no size and are never judged.
std::optional<std::string> missingBytes(Source& source, const CancelToken& token);

}  // namespace tubelet::video

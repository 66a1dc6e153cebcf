#pragma once

#include "engine/cancellation.h"
#include "video/common/clip.h"
#include "video/container/source.h"

namespace tubelet::video {

/// Checks what the tables of an MP4 or QuickTime file claim before libav trusts them: libav builds an index with an
/// entry for each sample, and a few hundred bytes can claim billions of them (one size for all in 'stsz', a 'trun'
/// with no fields per sample, an edit list that shows everything a million times).
/// Throws Error: NOT_A_VIDEO (the file holds pictures without a track), CORRUPT_VIDEO (a table is larger than the
/// file), LIMIT_EXCEEDED or READ_FAILED; or Cancelled.
void checkMovieTables(Source& source, const Limits& limits, const CancelToken& token);

}  // namespace tubelet::video

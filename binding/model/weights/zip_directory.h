#pragma once

#include "model/weights/file.h"

namespace tubelet::model {

/// Throws Error(MODEL_INVALID) unless every entry of the zip file's directory is stored as it is. torch.save never
/// compresses, and a compressed record of a few kilobytes may unpack to as many gigabytes before its size can be
/// checked: LibTorch's reader unpacks the first records while it opens the archive.
void requireUncompressed(const File& file);

}  // namespace tubelet::model

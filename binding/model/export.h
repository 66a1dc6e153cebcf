#pragma once

#include <cstdint>
#include <string>

#include "engine/cancellation.h"
#include "model/common/spec.h"

namespace tubelet::model {

/// Where an export goes.
struct ExportTarget {
  std::string path;
  bool overwrite = false;
  std::string metadata = {};  ///< what TorchScriptFile::metadata will say
};

/// Writes a checkpoint's program and its weights as one TorchScript file, and returns its size in bytes. The weights
/// are read again: those of a loaded model are packed for speed, and packed ones cannot be saved. The file appears
/// whole or not at all. Throws like Model::load, and Error(WRITE_FAILED).
std::uint64_t exportCheckpoint(const ModelSpec& spec, const ExportTarget& target, const CancelToken& token);

}  // namespace tubelet::model

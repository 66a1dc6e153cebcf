#pragma once

#include "engine/cancellation.h"
#include "model/common/spec.h"
#include "model/program.h"

namespace tubelet::model {

/// Reads the weights that `program` needs from spec.weightFiles, by their published names, as contiguous float32 on
/// spec.device.
///
/// A prefix that wrappers put before the name of every tensor (`module.`, `model.`, `_orig_mod.`) does not count. The
/// files' directories are joined, renamed and compared with the program's expectations before any data is read.
/// Throws Error: CHECKPOINT_MISMATCH with the lists of missing, left-over and misshapen tensors; MODEL_INVALID when a
/// file is damaged or hostile, when two tensors have one name, when a weight is not finite, or when the program cannot
/// run the configuration; FILE_NOT_FOUND; READ_FAILED, also when a file has changed meanwhile; or Cancelled: the token
/// is checked between tensors.
Weights readCheckpoint(const ModelSpec& spec, const Program& program, const CancelToken& token);

}  // namespace tubelet::model

#pragma once

#include <cstdint>

#include "engine/cancellation.h"
#include "model/model.h"

namespace tubelet::model {

/// How much a program returns.
struct Answer {
  std::int64_t classes = 0;  ///< 0: no classifier
  std::int64_t width = 0;    ///< numbers in the embedding; 0: it returns none
};

/// Runs a model that came as a TorchScript file on black frames, before it is used. Throws like Model::run, and
/// Error(MODEL_INVALID) when what it returns is not finite.
Answer dryRun(const Model& model, const CancelToken& token);

}  // namespace tubelet::model

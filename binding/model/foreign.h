#pragma once

#include <memory>

#include "model/model.h"

namespace torch::jit {
struct Module;
}

namespace tubelet::model {

/// A third-party program, of which only this is known: `forward` takes pixels in spec.layout,
/// [1, T, 3, H, W] or [1, 3, T, H, W], and returns logits [1, classes] as a tensor, as the first of a tuple or as the
/// "logits" of a dict. An embedding [1, width] may come with them: the second of the tuple, or "embedding" or
/// "pooler_output" of the dict.
///
/// Its forward cannot be stopped from outside: run() checks the token before and after it. Throws Error(MODEL_INVALID),
/// here when there is no such `forward`, and in run() when it throws or returns anything else.
std::shared_ptr<const Model> makeForeignModel(const ModelSpec& spec, std::unique_ptr<torch::jit::Module> program);

}  // namespace tubelet::model

#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/cancellation.h"
#include "model/spec.h"

namespace tubelet::model {

struct Output {
  std::vector<float> logits;     ///< [classes]; empty for a self-supervised checkpoint
  std::vector<float> scores;     ///< softmax of the logits
  std::vector<float> embedding;  ///< [width]
};

/// A loaded checkpoint: program and weights. Immutable after load, so that any thread may run it; each caller gets its
/// own activations.
class Model {
 public:
  /// Reads and checks the weights, then hands them to the program. Throws Error: MODEL_INVALID (unreadable, hostile or
  /// non-finite file), CHECKPOINT_MISMATCH (lists missing, left-over and misshapen tensors), OUT_OF_MEMORY; or
  /// Cancelled.
  static std::shared_ptr<const Model> load(const ModelSpec& spec, const CancelToken& token);

  virtual ~Model() = default;

  virtual const ModelSpec& spec() const = 0;
  virtual std::int64_t weightBytes() const = 0;

  /// One forward pass. pixels: float32 [1, T, 3, H, W] as PixelBuffer makes them. Checks the token between the
  /// program's stages (embed, each block, head).
  virtual Output run(const at::Tensor& pixels, const CancelToken& token) const = 0;
};

}  // namespace tubelet::model

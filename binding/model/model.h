#pragma once

#include <cstdint>
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
/// own activations. How frames become pixels is no part of it: those who prepare them in different ways share it.
class Model {
 public:
  /// Reads and checks the weights, then hands them to the program. Throws Error: MODEL_INVALID (unreadable, hostile or
  /// non-finite file), READ_FAILED (a file that changes meanwhile too), CHECKPOINT_MISMATCH (lists missing, left-over
  /// and misshapen tensors), OUT_OF_MEMORY; or Cancelled.
  static std::shared_ptr<const Model> load(const ModelSpec& spec, const CancelToken& token);

  virtual ~Model() = default;

  virtual const ModelSpec& spec() const = 0;
  virtual std::int64_t weightBytes() const = 0;
  /// What the program takes: [T, 3, H, W].
  virtual const std::vector<std::int64_t>& inputShape() const = 0;

  /// One forward pass on spec().device. pixels: float32 [1, T, 3, H, W] on the CPU, as PixelBuffer makes them. Checks the
  /// token between the program's stages (embed, each block, head).
  virtual Output run(const at::Tensor& pixels, const CancelToken& token) const = 0;
};

/// Throws Error(MODEL_INVALID) unless `preprocessing` makes the pixels that the model takes, as far as that is known
/// before a frame is seen.
void requireFittingPixels(const Model& model, const Preprocessing& preprocessing);

}  // namespace tubelet::model

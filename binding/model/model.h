#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/cancellation.h"
#include "model/common/spec.h"

namespace tubelet::model {

/// What a forward pass is for. The default gives logits and the embedding that they were made from.
struct Request {
  enum class Pooling {
    Head,  ///< what the classifier sees; never with `layer`
    Mean,  ///< the mean of the patches' tokens, without the CLS token
    Cls,   ///< the CLS token
    None,  ///< the patches' tokens in their places
  };

  /// After how many blocks to stop, as transformers counts hidden states: 0 is after the patch embedding. Without it
  /// all blocks run and the final layernorm, where the model has one (transformers' last hidden state).
  std::optional<std::int64_t> layer;
  Pooling pooling = Pooling::Head;

  bool operator==(const Request&) const = default;
};

struct Output {
  std::vector<float> logits;        ///< [classes]; empty without a classifier, and for all Pooling but Head
  std::vector<float> scores;        ///< softmax of the logits
  std::vector<float> embedding;     ///< of `shape`
  std::vector<std::int64_t> shape;  ///< [width], or [T, H, W, width]: the grid of patches
};

/// A loaded checkpoint: program and weights. Immutable after load, so that any thread may run it; each caller gets its
/// own activations. How frames become pixels is not part of it: callers that prepare them differently share it.
class Model {
 public:
  /// Reads and checks the weights, then hands them to the program. A TorchScript file brings its own, and is executed:
  /// only for one that the caller trusts. Throws Error: MODEL_INVALID (unreadable, hostile or non-finite file),
  /// READ_FAILED (also for a file that changes meanwhile), CHECKPOINT_MISMATCH (lists missing, left-over and misshapen
  /// tensors), OUT_OF_MEMORY; or Cancelled.
  static std::shared_ptr<const Model> load(const ModelSpec& spec, const CancelToken& token);

  virtual ~Model() = default;

  virtual const ModelSpec& spec() const = 0;
  virtual std::int64_t weightBytes() const = 0;
  /// What the program takes: [T, 3, H, W].
  virtual const std::vector<std::int64_t>& inputShape() const = 0;
  /// The number of blocks: the last layer that a Request may name.
  virtual std::int64_t depth() const = 0;

  /// One forward pass on spec().device. pixels: float32 [1, T, 3, H, W] on the CPU, as PixelBuffer makes them. Checks
  /// the token between the program's stages (embed, each block, head). Blocks after the layer asked for are not run.
  /// Throws Error(INVALID_ARGUMENT) for pixels of another shape, and for what the model does not have: the layer, a CLS
  /// token.
  virtual Output run(const at::Tensor& pixels, const Request& request, const CancelToken& token) const = 0;

  /// Several clips, each as run() takes it, in one forward pass where the program can; an output for each.
  virtual std::vector<Output> runTogether(std::span<const at::Tensor> clips, const Request& request,
                                          const CancelToken& token) const;
};

/// Throws Error(MODEL_INVALID) unless `preprocessing` makes the pixels that the model takes, as far as that is known
/// before a frame is seen.
void requireFittingPixels(const Model& model, const Preprocessing& preprocessing);

}  // namespace tubelet::model

#include "model/model.h"

#include <string>
#include <utility>

#include <ATen/ops/softmax.h>
#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>

#include "engine/error.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/file.h"
#include "model/program.h"
#include "model/tensor_file.h"
#include "model/torch_errors.h"

namespace tubelet::model {

namespace {

/// Gives freed memory back when it goes: glibc would keep much of a checkpoint's for itself, and LibTorch all of a GPU's.
/// Declared first in a class, it goes last.
class MemoryReturn {
 public:
  explicit MemoryReturn(const c10::Device& device) : device_(device) {}
  ~MemoryReturn() { releaseFreedMemory(device_); }
  MemoryReturn(const MemoryReturn&) = delete;
  MemoryReturn& operator=(const MemoryReturn&) = delete;

 private:
  c10::Device device_;
};

std::vector<float> toVector(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.cpu().contiguous();
  const auto* data = dense.const_data_ptr<float>();
  return {data, data + dense.numel()};
}

class ProgramModel final : public Model {
 public:
  ProgramModel(ModelSpec spec, const CancelToken& token)
      : device_(spec.device), memoryReturn_(device_), spec_(std::move(spec)), program_(spec_.programPath) {
    const c10::InferenceMode noGradients;
    Weights weights = readCheckpoint(spec_, program_, token);
    for (const auto& [name, tensor] : weights) weightBytes_ += static_cast<std::int64_t>(tensor.nbytes());
    program_.load(std::move(weights), spec_.config);
    token.check();
    program_.pack(1);
    input_ = program_.inputShape();
    depth_ = program_.depth();
    releaseFreedMemory(device_);  // what was read only to be joined: query, key and value
  }

  const ModelSpec& spec() const override { return spec_; }
  std::int64_t weightBytes() const override { return weightBytes_; }
  const std::vector<std::int64_t>& inputShape() const override { return input_; }

  Output run(const at::Tensor& pixels, const CancelToken& token) const override {
    std::vector<std::int64_t> batch{1};
    batch.insert(batch.end(), input_.begin(), input_.end());
    if (pixels.sizes() != at::IntArrayRef(batch) || pixels.scalar_type() != at::kFloat) {
      throw Error(ErrorCode::InvalidArgument, "The model takes float32 pixels of shape " + shapeText(batch) +
                                                  " (clips, frames, channels, height, width), not " +
                                                  at::toString(pixels.scalar_type()) + " " + shapeText(pixels.sizes()) +
                                                  ".");
    }
    return translatingErrors("run the model", [&] {
      const c10::InferenceMode noGradients;
      token.check();
      at::Tensor tokens = program_.embed(pixels.to(device_));
      for (std::int64_t i = 0; i < depth_; ++i) {
        token.check();
        tokens = program_.block(tokens, i);
      }
      token.check();
      const auto [logits, embedding] = program_.head(tokens);
      return Output{toVector(logits), toVector(at::softmax(logits, -1)), toVector(embedding)};
    });
  }

 private:
  c10::Device device_;
  MemoryReturn memoryReturn_;
  ModelSpec spec_;
  Program program_;
  std::vector<std::int64_t> input_;  ///< [T, C, H, W]
  std::int64_t depth_ = 0;
  std::int64_t weightBytes_ = 0;
};

}  // namespace

std::shared_ptr<const Model> Model::load(const ModelSpec& spec, const CancelToken& token) {
  return translatingErrors("load the model", [&] { return std::make_shared<const ProgramModel>(spec, token); });
}

void requireFittingPixels(const Model& model, const Preprocessing& preprocessing) {
  const std::vector<std::int64_t>& input = model.inputShape();
  std::int64_t height = input[2];
  std::int64_t width = input[3];
  if (preprocessing.cropHeight > 0) {
    height = preprocessing.cropHeight;
    width = preprocessing.cropWidth;
  } else if (preprocessing.resize == Preprocessing::Resize::Exact) {
    height = preprocessing.resizeHeight;
    width = preprocessing.resizeWidth;
  }
  const int frames = model.spec().frames;
  if (std::vector<std::int64_t>{frames, 3, height, width} == input) return;
  throw invalidFile(model.spec().weightFiles.front(),
                    "the model takes " + std::to_string(input[0]) + " frames of " + std::to_string(input[3]) + " x " +
                        std::to_string(input[2]) + " pixels in " + std::to_string(input[1]) +
                        " colours, but the preprocessor prepares " + std::to_string(frames) + " of " +
                        std::to_string(width) + " x " + std::to_string(height) +
                        " in 3. Take config.json and the preprocessor's configuration from the same checkpoint.");
}

}  // namespace tubelet::model

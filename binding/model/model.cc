#include "model/model.h"

#include <iterator>
#include <string>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>
#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>

#include "engine/error.h"
#include "model/checkpoint.h"
#include "model/common/torch_errors.h"
#include "model/device.h"
#include "model/foreign.h"
#include "model/memory_return.h"
#include "model/program.h"
#include "model/torchscript.h"
#include "model/weights/file.h"
#include "model/weights/tensors.h"

namespace tubelet::model {

namespace {

/// One output for each clip of `embeddings` [B, ...].
std::vector<Output> embeddingOutputs(const at::Tensor& embeddings) {
  std::vector<Output> outputs;
  for (const at::Tensor& embedding : embeddings.unbind()) {
    outputs.push_back({{}, {}, toVector(embedding), embedding.sizes().vec()});
  }
  return outputs;
}

class ProgramModel final : public Model {
 public:
  ProgramModel(ModelSpec spec, const CancelToken& token)
      : device_(spec.device), memoryReturn_(device_), spec_(std::move(spec)), program_(spec_.programPath) {
    const c10::InferenceMode noGradients;
    Weights weights = readCheckpoint(spec_, program_, token);
    program_.load(std::move(weights), spec_.config);
    token.check();
    prepare();
  }

  /// A program that came with its weights.
  ProgramModel(ModelSpec spec, Program program)
      : device_(spec.device), memoryReturn_(device_), spec_(std::move(spec)), program_(std::move(program)) {
    const c10::InferenceMode noGradients;
    prepare();
  }

  const ModelSpec& spec() const override { return spec_; }
  std::int64_t weightBytes() const override { return weightBytes_; }
  const std::vector<std::int64_t>& inputShape() const override { return input_; }
  std::int64_t depth() const override { return depth_; }

  Output run(const at::Tensor& pixels, const Request& request, const CancelToken& token) const override {
    return std::move(runTogether({&pixels, 1}, request, token).front());
  }

  std::vector<Output> runTogether(std::span<const at::Tensor> clips, const Request& request,
                                  const CancelToken& token) const override {
    for (const at::Tensor& pixels : clips) requirePixels(pixels, input_);
    requireAnswerable(request);
    return translatingErrors("run the model", [&] {
      const c10::InferenceMode noGradients;
      token.check();
      const at::Tensor pixels = clips.size() == 1 ? clips.front() : at::cat(at::TensorList(clips.data(), clips.size()));
      at::Tensor tokens = program_.embed(pixels.to(device_));
      for (std::int64_t i = 0; i < request.layer.value_or(depth_); ++i) {
        token.check();
        tokens = program_.block(tokens, i);
      }
      token.check();
      if (request.pooling == Request::Pooling::Head) return headOutputs(tokens);
      return embeddingOutputs(pooled(request.layer ? tokens : program_.final(tokens), request.pooling));
    });
  }

 private:
  void prepare() {
    if (spec_.precision == Precision::Bf16) program_.toBfloat16();
    program_.pack(1);
    weightBytes_ = program_.weightBytes();
    input_ = program_.inputShape();
    depth_ = program_.depth();
    clsTokens_ = program_.clsTokens();
    releaseFreedMemory(device_);  // what was read only to be joined: query, key and value
  }

  void requireAnswerable(const Request& request) const {
    using Pooling = Request::Pooling;
    if (request.layer && (*request.layer < 0 || *request.layer > depth_)) {
      throw Error(ErrorCode::InvalidArgument, "The model has the layers 0 (the patch embedding) to " +
                                                  std::to_string(depth_) + ", not " + std::to_string(*request.layer) +
                                                  ".");
    }
    if (request.layer && request.pooling == Pooling::Head) {
      throw Error(ErrorCode::InvalidArgument, "The head sees the last layer only. Pool a layer in another way.");
    }
    if (request.pooling == Pooling::Cls && clsTokens_ == 0) {
      throw Error(ErrorCode::InvalidArgument, "The model has no CLS token. Take the mean of its tokens.");
    }
  }

  std::vector<Output> headOutputs(const at::Tensor& tokens) const {
    const auto [logits, embedding] = program_.head(tokens);
    const at::Tensor scores = at::softmax(logits, -1);
    std::vector<Output> outputs = embeddingOutputs(embedding);
    for (std::int64_t i = 0; i < std::ssize(outputs); ++i) {
      Output& output = outputs[static_cast<std::size_t>(i)];
      output.logits = toVector(logits[i]);
      output.scores = toVector(scores[i]);
    }
    return outputs;
  }

  at::Tensor pooled(const at::Tensor& tokens, Request::Pooling pooling) const {
    if (pooling == Request::Pooling::Cls) return tokens.select(1, 0);
    const at::Tensor grid = program_.grid(tokens);
    return pooling == Request::Pooling::Mean ? grid.mean({1, 2, 3}) : grid;
  }

  c10::Device device_;
  MemoryReturn memoryReturn_;
  ModelSpec spec_;
  Program program_;
  std::vector<std::int64_t> input_;  ///< [T, C, H, W]
  std::int64_t depth_ = 0;
  std::int64_t clsTokens_ = 0;
  std::int64_t weightBytes_ = 0;
};

/// An export of the package's own is driven like a checkpoint: layer by layer, with its weights packed. One of another
/// version may have other methods; its forward is the same promise to all.
std::shared_ptr<const Model> loadTorchScript(const ModelSpec& spec, const CancelToken& token) {
  const c10::InferenceMode noGradients;
  auto module = TorchScriptFile(spec.weightFiles.front()).program(spec.device);
  token.check();
  if (!spec.programPath.empty() && Program(spec.programPath).isSame(*module)) {
    return std::make_shared<const ProgramModel>(spec, Program(std::move(module)));
  }
  return makeForeignModel(spec, std::move(module));
}

}  // namespace

std::vector<Output> Model::runTogether(std::span<const at::Tensor> clips, const Request& request,
                                       const CancelToken& token) const {
  std::vector<Output> outputs;
  for (const at::Tensor& pixels : clips) outputs.push_back(run(pixels, request, token));
  return outputs;
}

std::shared_ptr<const Model> Model::load(const ModelSpec& spec, const CancelToken& token) {
  return translatingErrors("load the model", [&]() -> std::shared_ptr<const Model> {
    if (spec.format == ModelSpec::Format::TorchScript) return loadTorchScript(spec, token);
    return std::make_shared<const ProgramModel>(spec, token);
  });
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
                        std::to_string(width) + " x " + std::to_string(height) + " in 3. " +
                        (model.spec().format == ModelSpec::Format::TorchScript
                             ? "Leave out the options 'frames' and 'size': the file says them itself."
                             : "Take config.json and the preprocessor's configuration from the same checkpoint."));
}

}  // namespace tubelet::model

#include "model/foreign.h"

#include <array>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>

#include "engine/error.h"
#include "model/common/torch_errors.h"
#include "model/memory_return.h"
#include "model/torchscript.h"
#include "model/weights/file.h"
#include "model/weights/tensor_file.h"
#include "model/weights/tensors.h"

namespace tubelet::model {

namespace {

constexpr std::array kEmbeddingKeys{"embedding", "pooler_output"};  ///< the latter is transformers' name

/// "a float32 tensor [1, 400]", "a tuple of 2: ...", "a dict with the keys ...", "None".
std::string described(const c10::IValue& value) {
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    if (!tensor.defined()) return "an undefined tensor";
    return "a tensor of type " + std::string(at::toString(tensor.scalar_type())) + " and shape " +
           shapeText(tensor.sizes());
  }
  if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    const std::string first = elements.empty() ? "" : ", the first of them " + described(elements[0]);
    return "a tuple of " + std::to_string(elements.size()) + first;
  }
  if (value.isGenericDict()) {
    std::ostringstream keys;
    for (const auto& item : value.toGenericDict()) keys << (keys.tellp() > 0 ? ", " : "") << item.key();
    return "a dict with the keys " + keys.str();
  }
  return "a value of type " + value.type()->annotation_str();
}

/// The line of the interpreter's message that says what went wrong: where it did stands above.
std::string lastLine(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

/// The value of a key, or None.
c10::IValue entry(const c10::IValue& dict, const char* key) {
  for (const auto& item : dict.toGenericDict()) {
    if (item.key().isString() && item.key().toStringRef() == key) return item.value();
  }
  return {};
}

/// [1, n] of a floating-point type, on any device.
bool isRow(const c10::IValue& value) {
  if (!value.isTensor() || !value.toTensor().defined()) return false;
  const at::Tensor& tensor = value.toTensor();
  return tensor.dim() == 2 && tensor.size(0) == 1 && tensor.size(1) > 0 && tensor.is_floating_point();
}

struct Parts {
  c10::IValue logits;
  c10::IValue embedding;
};

Parts partsOf(const c10::IValue& value) {
  if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    return {elements.empty() ? c10::IValue() : elements[0], elements.size() < 2 ? c10::IValue() : elements[1]};
  }
  if (value.isGenericDict()) {
    c10::IValue embedding;
    for (const char* key : kEmbeddingKeys) {
      if (embedding.isNone()) embedding = entry(value, key);
    }
    return {entry(value, "logits"), embedding};
  }
  return {value, {}};
}

class ForeignModel final : public Model {
 public:
  ForeignModel(ModelSpec spec, std::unique_ptr<torch::jit::Module> program)
      : device_(spec.device),
        memoryReturn_(device_),
        spec_(std::move(spec)),
        program_(std::move(program)),
        input_{spec_.frames, 3, spec_.height, spec_.width} {
    requireOwnPrecision();
    requireForward();
    weightBytes_ = tensorBytes(*program_);
  }

  const ModelSpec& spec() const override { return spec_; }
  std::int64_t weightBytes() const override { return weightBytes_; }
  const std::vector<std::int64_t>& inputShape() const override { return input_; }
  std::int64_t depth() const override { return 0; }  // its layers are not accessible

  Output run(const at::Tensor& pixels, const Request& request, const CancelToken& token) const override {
    requirePixels(pixels, input_);
    if (request.layer || request.pooling != Request::Pooling::Head) {
      throw Error(ErrorCode::InvalidArgument,
                  "A third-party program exposes no layers: leave out 'layer' and 'pooling'.");
    }
    const c10::InferenceMode noGradients;
    token.check();
    const c10::IValue result =
        forward((spec_.layout == Layout::TCHW ? pixels : pixels.transpose(1, 2).contiguous()).to(device_));
    token.check();
    const auto [logits, embedding] = partsOf(result);
    if (!isRow(logits)) {
      throw invalid("returned " + described(result) +
                    ". It must return logits: a tensor of a floating-point type and of shape [1, classes], alone, as "
                    "the first of a tuple, or as 'logits' of a dict.");
    }
    return translatingErrors("read what the program returned", [&, row = logits.toTensor(), other = embedding] {
      const at::Tensor values = row.to(at::kFloat);
      Output output{
          .logits = toVector(values), .scores = toVector(at::softmax(values, -1)), .embedding = {}, .shape = {}};
      if (isRow(other)) output.embedding = toVector(other.toTensor());
      output.shape = {static_cast<std::int64_t>(output.embedding.size())};
      return output;
    });
  }

 private:
  c10::IValue forward(const at::Tensor& pixels) const {
    try {
      return call(*program_, "forward", {pixels});
    } catch (const std::exception& error) {
      Error what = translated(error, "run the program");
      if (what.code() == ErrorCode::OutOfMemory) throw std::move(what);
      throw invalid("failed on pixels of shape " + shapeText(pixels.sizes()) + " (" + lastLine(what.reason()) +
                        "). If it takes another shape, its tubelet.json or the options of load must say so: frames, "
                        "size, layout.",
                    what.reason());
    }
  }

  /// Its precision was fixed when it was saved.
  void requireOwnPrecision() const {
    if (spec_.precision == Precision::Fp32) return;
    throw Error(ErrorCode::InvalidArgument, spec_.weightFiles.front() +
                                                ": a program that is not one of this version of tubelet runs in the "
                                                "precision it was saved in. Leave out 'precision'.");
  }

  void requireForward() const {
    const auto forward = program_->find_method("forward");
    if (!forward) throw invalidFile(spec_.weightFiles.front(), "the program has no method 'forward'.");
    const c10::FunctionSchema& schema = forward->function().getSchema();
    std::size_t required = 0;
    for (const c10::Argument& argument : schema.arguments()) {
      if (!argument.default_value()) ++required;
    }
    if (schema.arguments().size() >= 2 && required <= 2) return;  // the module itself is the first
    std::ostringstream text;
    text << schema;
    throw invalidFile(spec_.weightFiles.front(),
                      "its forward must take one tensor, the pixels, and need no more, but it is: " + text.str());
  }

  Error invalid(const std::string& what, const std::string& reason = {}) const {
    return invalidFile(spec_.weightFiles.front(), "its forward " + what, reason);
  }

  c10::Device device_;
  MemoryReturn memoryReturn_;
  ModelSpec spec_;
  std::unique_ptr<torch::jit::Module> program_;
  std::vector<std::int64_t> input_;  ///< [T, C, H, W]
  std::int64_t weightBytes_ = 0;
};

}  // namespace

std::shared_ptr<const Model> makeForeignModel(const ModelSpec& spec, std::unique_ptr<torch::jit::Module> program) {
  return std::make_shared<const ForeignModel>(spec, std::move(program));
}

}  // namespace tubelet::model

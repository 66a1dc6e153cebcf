#include "model/program.h"

#include <algorithm>
#include <sstream>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/export.h>
#include <torch/csrc/jit/serialization/import.h>

#include "engine/error.h"
#include "model/kernels/kernels.h"
#include "model/torchscript.h"

namespace tubelet::model {

namespace {

c10::Dict<std::string, double> toDict(const Config& config) {
  c10::Dict<std::string, double> dict;
  for (const auto& [name, value] : config) dict.insert(name, value);
  return dict;
}

}  // namespace

Program::Program(const std::string& path, Kernels kernels) {
  try {
    module_ = std::make_unique<torch::jit::Module>(torch::jit::load(path, c10::Device(c10::kCPU)));
    module_->eval();
    if (kernels == Kernels::Native) useNativeKernels(*module_);
  } catch (const c10::Error& error) {
    throw Error(ErrorCode::Internal, path + ": cannot load this program, a part of the package. Reinstall tubelet.",
                error.what_without_backtrace());
  }
}

Program::Program(std::unique_ptr<torch::jit::Module> loaded) : module_(std::move(loaded)) {
  useNativeKernels(*module_);
}

Program::Program(Program&&) noexcept = default;
Program::~Program() = default;

bool Program::isSame(const torch::jit::Module& module) const {
  const auto methods = module_->get_methods();
  return std::ranges::all_of(methods, [&module](const torch::jit::Method& own) {
    const auto other = module.find_method(own.name());
    if (!other) return false;
    // The first argument is the module itself, whose type is named after the file it is in.
    const auto signature = [](const torch::jit::Method& method) {
      std::ostringstream text;
      const c10::FunctionSchema& schema = method.function().getSchema();
      for (std::size_t i = 1; i < schema.arguments().size(); ++i) text << schema.arguments()[i] << ", ";
      for (const c10::Argument& result : schema.returns()) text << result << ", ";
      return text.str();
    };
    return signature(own) == signature(*other);
  });
}

std::vector<std::string> Program::unsupported(const Config& config) const {
  const c10::IValue result = call(*module_, "unsupported", {toDict(config)});
  std::vector<std::string> sentences;
  for (const c10::IValue& sentence : result.toListRef()) sentences.push_back(sentence.toStringRef());
  return sentences;
}

std::string Program::rename(const std::string& name) const {
  return call(*module_, "rename", {name}).toStringRef();
}

bool Program::ignored(const std::string& name) const {
  return call(*module_, "ignored", {name}).toBool();
}

Shapes Program::expected(const Config& config) const {
  const auto result = call(*module_, "expected", {toDict(config)}).toGenericDict();
  Shapes shapes;
  for (const auto& item : result) {
    shapes.emplace(item.key().toStringRef(), item.value().toIntVector());
  }
  return shapes;
}

void Program::load(Weights weights, const Config& config) {
  c10::Dict<std::string, at::Tensor> dict;
  dict.reserve(weights.size());
  for (const auto& [name, tensor] : weights) dict.insert(name, tensor);
  weights.clear();
  call(*module_, "load", {dict, toDict(config)});
}

void Program::toBfloat16() {
  call(*module_, "to_bfloat16", {});
}

void Program::save(const Writer& writer, const std::map<std::string, std::string>& extras) const {
  torch::jit::ExportModule(*module_, writer, {extras.begin(), extras.end()});
}

void Program::pack(std::int64_t clips) {
  call(*module_, "pack", {clips});
}

std::int64_t Program::weightBytes() const {
  std::int64_t bytes = 0;
  // By numbers, because a tensor in a layout of oneDNN's own reports no bytes.
  const auto count = [&](const at::Tensor& tensor) {
    bytes += tensor.numel() * static_cast<std::int64_t>(tensor.element_size());
  };
  for (const auto& attribute : module_->named_attributes()) {
    if (attribute.value.isTensor()) count(attribute.value.toTensor());
    if (!attribute.value.isTensorList()) continue;
    for (const at::Tensor& tensor : attribute.value.toTensorVector()) count(tensor);
  }
  return bytes;
}

std::vector<std::int64_t> Program::inputShape() const {
  return call(*module_, "input_shape", {}).toIntVector();
}

std::int64_t Program::depth() const {
  return call(*module_, "depth", {}).toInt();
}

std::int64_t Program::clsTokens() const {
  return call(*module_, "cls_tokens", {}).toInt();
}

at::Tensor Program::embed(const at::Tensor& pixels) const {
  return call(*module_, "embed", {pixels}).toTensor();
}

at::Tensor Program::block(const at::Tensor& tokens, std::int64_t index) const {
  return call(*module_, "block", {tokens, index}).toTensor();
}

at::Tensor Program::final(const at::Tensor& tokens) const {
  return call(*module_, "final", {tokens}).toTensor();
}

at::Tensor Program::grid(const at::Tensor& tokens) const {
  return call(*module_, "grid", {tokens}).toTensor();
}

std::pair<at::Tensor, at::Tensor> Program::head(const at::Tensor& tokens) const {
  const c10::IValue result = call(*module_, "head", {tokens});
  const auto& elements = result.toTupleRef().elements();
  return {elements[0].toTensor(), elements[1].toTensor()};
}

}  // namespace tubelet::model

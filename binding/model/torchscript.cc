#include "model/torchscript.h"

#include <set>
#include <utility>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include "model/common/torch_errors.h"
#include "model/weights/file_adapter.h"

namespace tubelet::model {

namespace {

/// Labels of a few thousand classes and a few numbers.
constexpr std::uint64_t kMaxMetadataBytes = 4 << 20;

}  // namespace

TorchScriptFile::TorchScriptFile(const std::string& path)
    : file_(std::make_shared<const File>(path)), archive_(file_, Archive::kProgram) {
  // Every version of torch.jit.save since the zip archives has written it, torch.save and torch.export do not.
  if (archive_.has("constants.pkl")) return;
  throw invalidFile(path,
                    "is a PyTorch archive without a TorchScript program. Weights that torch.save wrote belong beside "
                    "their config.json, as pytorch_model.bin; torch.jit.save(torch.jit.trace(model, pixels), path) "
                    "writes a program.");
}

std::optional<std::string> TorchScriptFile::metadata() {
  const std::string record = std::string("extra/") + kMetadataName;
  if (!archive_.has(record)) return std::nullopt;
  const std::uint64_t bytes = archive_.size(record);
  if (bytes > kMaxMetadataBytes) {
    throw invalidFile(file_->path(), "its " + record + " has " + std::to_string(bytes) + " bytes; at most " +
                                         std::to_string(kMaxMetadataBytes) + " are read.");
  }
  std::string text(bytes, '\0');
  archive_.read(record, text.data(), text.size());
  return text;
}

std::unique_ptr<torch::jit::Module> TorchScriptFile::program(const std::string& device) const {
  try {
    auto module = std::make_unique<torch::jit::Module>(
        torch::jit::load(std::make_shared<FileAdapter>(file_), c10::Device(device)));
    module->eval();
    file_->requireUnchanged();
    return module;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    Error what = translated(error, "load the program");
    if (what.code() == ErrorCode::OutOfMemory) throw what;
    throw invalidFile(file_->path(),
                      "LibTorch cannot load this program. It is damaged, or was saved by a newer PyTorch or with "
                      "operators of another library.",
                      what.reason());
  }
}

c10::IValue call(const torch::jit::Module& module, const std::string& method, std::vector<c10::IValue> arguments) {
  const torch::jit::GraphOptimizerEnabledGuard asWritten(false);
  return module.get_method(method)(std::move(arguments));
}

std::int64_t tensorBytes(const torch::jit::Module& module) {
  std::set<const void*> counted;
  std::int64_t bytes = 0;
  c10::IValue(module._ivalue()).visit([&](const c10::IValue& value) {
    if (!value.isTensor()) return false;
    const at::Tensor& tensor = value.toTensor();
    if (tensor.defined() && tensor.has_storage() && counted.insert(tensor.storage().unsafeGetStorageImpl()).second) {
      bytes += static_cast<std::int64_t>(tensor.storage().nbytes());
    }
    return false;
  });
  return bytes;
}

}  // namespace tubelet::model

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/ivalue.h>

#include "model/weights/archive.h"
#include "model/weights/file.h"

namespace torch::jit {
struct Module;
}

namespace tubelet::model {

/// The text in a TorchScript file that says how its program is used: one of torch.jit.save's `_extra_files`. lib/ knows
/// what is in it.
constexpr const char* kMetadataName = "tubelet.json";

/// A file that torch.jit.save wrote: a program, its weights, and texts that were saved beside them.
class TorchScriptFile {
 public:
  /// Neither unpickles nor runs anything. Throws Error: FILE_NOT_FOUND, READ_FAILED, or MODEL_INVALID for another kind
  /// of file.
  explicit TorchScriptFile(const std::string& path);

  /// What kMetadataName says; nothing when the file holds none.
  std::optional<std::string> metadata();

  /// Builds the program on a device, as resolveDevice names it, which executes what the file says: only for a file that
  /// the caller trusts. Throws Error: MODEL_INVALID, READ_FAILED (also when the file changes meanwhile), OUT_OF_MEMORY.
  std::unique_ptr<torch::jit::Module> program(const std::string& device) const;

 private:
  std::shared_ptr<const File> file_;
  Archive archive_;
};

/// Runs a method as it is written. TorchScript would otherwise spend the first two calls on each thread-shared method
/// profiling and specialising it for the shapes it sees. These programs are a few large operators a block: there is
/// nothing to gain, and the first call is the one people wait for. The setting is per thread and restored.
c10::IValue call(const torch::jit::Module& module, const std::string& method, std::vector<c10::IValue> arguments);

/// The bytes of all tensors that a module holds, each counted once.
std::int64_t tensorBytes(const torch::jit::Module& module);

}  // namespace tubelet::model

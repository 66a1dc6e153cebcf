#include "model/export.h"

#include <utility>

#include <c10/core/InferenceMode.h>

#include "model/checkpoint.h"
#include "model/common/torch_errors.h"
#include "model/memory_return.h"
#include "model/program.h"
#include "model/torchscript.h"
#include "model/weights/output_file.h"

namespace tubelet::model {

namespace {

/// A saved tensor takes its whole storage with it: what lies behind a tensor that is smaller was never written to.
void requireOwnStorage(Weights& weights) {
  for (auto& [name, tensor] : weights) {
    if (tensor.storage().nbytes() != tensor.nbytes()) tensor = tensor.clone();
  }
}

}  // namespace

std::uint64_t exportCheckpoint(const ModelSpec& spec, const ExportTarget& target, const CancelToken& token) {
  return translatingErrors("export the model", [&] {
    const MemoryReturn memoryReturn(c10::Device(spec.device));
    const c10::InferenceMode noGradients;
    OutputFile file(target.path, target.overwrite);
    Program program(spec.programPath, Program::Kernels::Own);
    Weights weights = readCheckpoint(spec, program, token);
    requireOwnStorage(weights);
    program.load(std::move(weights), spec.config);
    token.check();
    program.save(
        [&](const void* data, std::size_t bytes) {
          if (!token.cancelled()) file.write(data, bytes);
          return bytes;
        },
        {{kMetadataName, target.metadata}});
    token.check();
    return file.commit();
  });
}

}  // namespace tubelet::model

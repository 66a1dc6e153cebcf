#include "model/dry_run.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ops/zeros.h>

#include "model/common/torch_errors.h"
#include "model/weights/file.h"

namespace tubelet::model {

namespace {

void requireFinite(const std::vector<float>& values, const std::string& what, const ModelSpec& spec) {
  if (std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) return;
  throw invalidFile(spec.weightFiles.front(), "its forward returned " + what +
                                                  " that are not finite, for frames of zeros. The file is damaged, or "
                                                  "the training diverged.");
}

}  // namespace

Answer dryRun(const Model& model, const CancelToken& token) {
  const ModelSpec& spec = model.spec();
  std::vector<std::int64_t> shape = model.inputShape();
  shape.insert(shape.begin(), 1);
  const at::Tensor zeros = translatingErrors("try the program out", [&] { return at::zeros(shape); });
  const Output output = model.run(zeros, Request(), token);
  requireFinite(output.logits, "logits", spec);
  requireFinite(output.embedding, "numbers in the embedding", spec);
  return {.classes = static_cast<std::int64_t>(output.logits.size()),
          .width = static_cast<std::int64_t>(output.embedding.size())};
}

}  // namespace tubelet::model

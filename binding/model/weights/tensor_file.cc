#include "model/weights/tensor_file.h"

#include "model/weights/file.h"
#include "model/weights/pytorch_bin.h"
#include "model/weights/safetensors.h"

namespace tubelet::model {

std::string shapeText(at::IntArrayRef shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::unique_ptr<TensorFile> openTensorFile(ModelSpec::Format format, const std::string& path) {
  if (format == ModelSpec::Format::Safetensors) return std::make_unique<Safetensors>(path);
  return std::make_unique<PytorchBin>(path);
}

void requireFloatingPoint(const TensorEntry& entry, const std::string& path) {
  switch (entry.type) {
    case at::kDouble:
    case at::kFloat:
    case at::kHalf:
    case at::kBFloat16:
      return;
    default:
      throw invalidFile(path, "tensor \"" + entry.name + "\" has type " + at::toString(entry.type) +
                                  ". Weights must be float64, float32, float16 or bfloat16.");
  }
}

std::int64_t checkedBytes(const TensorEntry& entry, const std::string& path) {
  auto bytes = static_cast<std::int64_t>(at::elementSize(entry.type));
  for (const std::int64_t size : entry.shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, size, &bytes)) {
      throw invalidFile(path, "tensor \"" + entry.name + "\" has the impossible shape " + shapeText(entry.shape) + ".");
    }
  }
  return bytes;
}

}  // namespace tubelet::model

#include "model/weights/tensors.h"

#include "engine/error.h"
#include "model/weights/tensor_file.h"

namespace tubelet::model {

void requirePixels(const at::Tensor& pixels, at::IntArrayRef input) {
  std::vector<std::int64_t> batch{1};
  batch.insert(batch.end(), input.begin(), input.end());
  if (pixels.sizes() == at::IntArrayRef(batch) && pixels.scalar_type() == at::kFloat) return;
  throw Error(ErrorCode::InvalidArgument, "The model takes float32 pixels of shape " + shapeText(batch) +
                                              " (clips, frames, channels, height, width), not " +
                                              at::toString(pixels.scalar_type()) + " " + shapeText(pixels.sizes()) +
                                              ".");
}

std::vector<float> toVector(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.to(at::kCPU, at::kFloat).contiguous();
  const auto* data = dense.const_data_ptr<float>();
  return {data, data + dense.numel()};
}

}  // namespace tubelet::model

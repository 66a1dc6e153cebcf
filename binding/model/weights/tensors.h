#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace tubelet::model {

/// Throws Error(INVALID_ARGUMENT) unless `pixels` are one clip of float32 of shape `input`, [T, C, H, W].
void requirePixels(const at::Tensor& pixels, at::IntArrayRef input);

/// The numbers of a tensor of any floating-point type on any device, in the order of its axes.
std::vector<float> toVector(const at::Tensor& tensor);

}  // namespace tubelet::model

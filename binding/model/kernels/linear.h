#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace tubelet::model {

/// Linear layers with weights [out, in], plain or as packLinear() lays them out. They multiply in the weight's type.

/// A weight in the layout of the kernel that is fastest with it on this CPU, for inputs of about `rows` rows; the
/// weight itself where there is no such layout. Only the functions below take it then.
at::Tensor packLinear(const at::Tensor& weight, std::int64_t rows);

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// gelu(linear(x)); `approximate` as in at::gelu.
at::Tensor linearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      const std::string& approximate);

/// residual + linear(x), in the residual's type.
at::Tensor linearAdd(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& residual);

}  // namespace tubelet::model

#pragma once

#include <ATen/core/Tensor.h>

namespace tubelet::model {

/// softmax(q k^T / sqrt(d)) v for q, k, v [S, h, n, d], as [S, n, h * d]; by the kernel that is fastest for their type,
/// shape and device. The inputs may be views of one tensor.
at::Tensor attention(at::Tensor q, at::Tensor k, at::Tensor v);

}  // namespace tubelet::model

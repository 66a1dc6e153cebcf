#include "model/kernels/linear.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <c10/core/TensorImpl.h>

#include "model/kernels/cpu.h"
#include "model/kernels/linear_avx512.h"

namespace tubelet::model {

namespace {

std::uint16_t* bits(const at::Tensor& tensor) {
  return reinterpret_cast<std::uint16_t*>(tensor.mutable_data_ptr<at::BFloat16>());
}

const std::uint16_t* constBits(const at::Tensor& tensor) {
  return reinterpret_cast<const std::uint16_t*>(tensor.const_data_ptr<at::BFloat16>());
}

/// With tiles oneDNN is faster than anything made of dot products.
bool suitsAvx512(const at::Tensor& weight) {
  return weight.scalar_type() == at::kBFloat16 && bf16Units() == Bf16Units::Avx512 &&
         weight.size(0) % avx512::kLanes == 0 && weight.size(1) % 2 == 0;
}

std::int64_t panelsOf(std::int64_t outputs) {
  return (outputs + avx512::kPanel - 1) / avx512::kPanel;
}

/// Marks a weight that packAvx512() laid out: to LibTorch it is a tensor like any other.
struct Avx512Layout final : c10::BackendMeta {};

bool isAvx512(const at::Tensor& weight) {
  return dynamic_cast<Avx512Layout*>(weight.unsafeGetTensorImpl()->get_backend_meta()) != nullptr;
}

/// Of three dimensions, so that no function that takes plain weights takes this one.
at::Tensor packAvx512(const at::Tensor& weight) {
  const at::Tensor rows = weight.contiguous();
  const std::int64_t outputs = rows.size(0);
  const std::int64_t inputs = rows.size(1);
  at::Tensor packed = at::empty({1, outputs, inputs}, weight.options());
  const std::uint16_t* const from = constBits(rows);
  std::uint16_t* const to = bits(packed);
  at::parallel_for(0, panelsOf(outputs), 1, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t first = begin * avx512::kPanel;
    const std::int64_t count = std::min(end * avx512::kPanel, outputs) - first;
    avx512::packRows({from + first * inputs, inputs}, count, inputs, to + first * inputs);
  });
  packed.unsafeGetTensorImpl()->set_backend_meta(c10::make_intrusive<Avx512Layout>());
  return packed;
}

/// Runs `part` for rows [first, first + count) and a panel of the weight at a time, side by side on all threads.
template <typename Part>
void eachPart(const avx512::Layer& layer, std::int64_t rows, Part part) {
  const std::int64_t atATime = avx512::rowsAtATime(layer);
  const std::int64_t panels = panelsOf(layer.outputs);
  const std::int64_t parts = (rows + atATime - 1) / atATime * panels;
  at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i / panels * atATime;
      part(first, std::min(atATime, rows - first), i % panels);
    }
  });
}

std::vector<std::int64_t> resultShape(const at::Tensor& x, const at::Tensor& weight) {
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(-2);
  return shape;
}

avx512::Layer layerOf(const at::Tensor& weight, const at::Tensor& bias) {
  return {constBits(weight), constBits(bias), weight.size(2), weight.size(1)};
}

at::Tensor linearAvx512(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        avx512::Epilogue epilogue) {
  const at::Tensor input = x.to(at::kBFloat16).contiguous();
  at::Tensor out = at::empty(resultShape(x, weight), input.options());
  const avx512::Layer layer = layerOf(weight, bias);
  const std::uint16_t* const from = constBits(input);
  std::uint16_t* const to = bits(out);
  eachPart(layer, x.numel() / layer.inputs, [&](std::int64_t first, std::int64_t rows, std::int64_t panel) {
    avx512::linear(layer, from + first * layer.inputs, rows, panel, epilogue, to + first * layer.outputs);
  });
  return out;
}

at::Tensor linearAddAvx512(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           const at::Tensor& residual) {
  const at::Tensor input = x.to(at::kBFloat16).contiguous();
  const at::Tensor sum = residual.expand(resultShape(x, weight)).contiguous();
  at::Tensor out = at::empty_like(sum);
  const avx512::Layer layer = layerOf(weight, bias);
  const std::uint16_t* const from = constBits(input);
  const auto* const add = sum.const_data_ptr<float>();
  auto* const to = out.mutable_data_ptr<float>();
  eachPart(layer, x.numel() / layer.inputs, [&](std::int64_t first, std::int64_t rows, std::int64_t panel) {
    avx512::linearAdd(layer, from + first * layer.inputs, rows, panel, add + first * layer.outputs,
                      to + first * layer.outputs);
  });
  return out;
}

/// oneDNN's layers have no functions of their own in ATen's headers, only names in its table of operators.
template <typename Signature>
c10::TypedOperatorHandle<Signature> operatorNamed(const char* name, const char* overload = "") {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

bool packs(at::ScalarType type) {
  if (type != at::kBFloat16) return type == at::kFloat;
  static const auto supported = operatorNamed<bool()>("mkldnn::_is_mkldnn_bf16_supported");
  return supported.call();
}

/// A layer with a packed weight, followed by what `attribute` names.
at::Tensor pointwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, std::string_view attribute,
                     std::string_view algorithm) {
  static const auto layer =
      operatorNamed<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                               c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>)>(
          "mkldnn::_linear_pointwise");
  return layer.call(x, weight, bias, attribute, c10::List<std::optional<at::Scalar>>(), algorithm);
}

at::Tensor plus(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& weight, const at::Tensor& bias) {
  static const auto layer = operatorNamed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                                     const std::optional<at::Tensor>&, std::string_view)>(
      "mkldnn::_linear_pointwise", "binary");
  return layer.call(x, residual, weight, bias, "add");
}

/// Whether the layer's result and the residual are of one type and shape, as the fused addition needs them.
bool addable(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& residual) {
  const std::size_t leading = x.sizes().size() - 1;
  return residual.scalar_type() == weight.scalar_type() && residual.dim() == x.dim() &&
         residual.size(-1) == weight.size(0) && residual.sizes().slice(0, leading) == x.sizes().slice(0, leading);
}

}  // namespace

at::Tensor packLinear(const at::Tensor& weight, std::int64_t rows) {
  if (weight.is_cpu() && suitsAvx512(weight)) return packAvx512(weight);
  if (!weight.is_cpu() || weight.is_mkldnn() || !packs(weight.scalar_type())) return weight;
  static const auto reorder =
      operatorNamed<at::Tensor(const at::Tensor&, std::optional<std::int64_t>)>("mkldnn::_reorder_linear_weight");
  return reorder.call(weight, rows);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (isAvx512(weight)) return linearAvx512(x, weight, bias, avx512::Epilogue::None);
  const at::Tensor input = x.to(weight.scalar_type());
  return weight.is_mkldnn() ? pointwise(input, weight, bias, "none", "") : at::linear(input, weight, bias);
}

at::Tensor linearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      const std::string& approximate) {
  if (isAvx512(weight)) {
    return linearAvx512(x, weight, bias, approximate == "tanh" ? avx512::Epilogue::GeluTanh : avx512::Epilogue::Gelu);
  }
  const at::Tensor input = x.to(weight.scalar_type());
  if (weight.is_mkldnn()) return pointwise(input, weight, bias, "gelu", approximate);
  return at::gelu(at::linear(input, weight, bias), approximate);
}

at::Tensor linearAdd(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const at::Tensor& residual) {
  if (isAvx512(weight) && residual.scalar_type() == at::kFloat) return linearAddAvx512(x, weight, bias, residual);
  if (weight.is_mkldnn() && addable(x, weight, residual)) {
    return plus(x.to(weight.scalar_type()), residual, weight, bias);
  }
  return at::add(residual, linear(x, weight, bias));
}

}  // namespace tubelet::model

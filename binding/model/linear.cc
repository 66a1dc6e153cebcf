#include "model/linear.h"

#include <optional>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/add.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>

namespace tubelet::model {

namespace {

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
  if (!weight.is_cpu() || weight.is_mkldnn() || !packs(weight.scalar_type())) return weight;
  static const auto reorder =
      operatorNamed<at::Tensor(const at::Tensor&, std::optional<std::int64_t>)>("mkldnn::_reorder_linear_weight");
  return reorder.call(weight, rows);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor input = x.to(weight.scalar_type());
  return weight.is_mkldnn() ? pointwise(input, weight, bias, "none", "") : at::linear(input, weight, bias);
}

at::Tensor linearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      const std::string& approximate) {
  const at::Tensor input = x.to(weight.scalar_type());
  if (weight.is_mkldnn()) return pointwise(input, weight, bias, "gelu", approximate);
  return at::gelu(at::linear(input, weight, bias), approximate);
}

at::Tensor linearAdd(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const at::Tensor& residual) {
  if (weight.is_mkldnn() && addable(x, weight, residual)) {
    return plus(x.to(weight.scalar_type()), residual, weight, bias);
  }
  return at::add(residual, linear(x, weight, bias));
}

}  // namespace tubelet::model

#include "model/precision.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>

#include "model/kernels/cpu.h"

namespace tubelet::model {

namespace {

bool multipliesBf16(const c10::Device& device) {
  if (device.is_cpu()) return bf16Units() != Bf16Units::None;
  // cuDNN requires compute capability 8.0 for it, which is also what makes it fast; and this is the one such query that
  // the half of LibTorch without CUDA offers.
  const c10::DeviceGuard guard(device);
  return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

}  // namespace

Precision resolvePrecision(std::optional<Precision> wanted, const std::string& device) {
  if (wanted) return *wanted;
  return multipliesBf16(c10::Device(device)) ? Precision::Bf16 : Precision::Fp32;
}

std::string nameOf(Precision precision) {
  return precision == Precision::Bf16 ? "bf16" : "fp32";
}

}  // namespace tubelet::model

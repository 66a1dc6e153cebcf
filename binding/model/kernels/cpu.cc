#include "model/kernels/cpu.h"

#include <ATen/cpu/Utils.h>

namespace tubelet::model {

namespace {

Bf16Units find() {
  auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const char* name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  // init_amx() asks the kernel for permission to use the tiles' registers.
  if (has("amx_tile") && has("amx_bf16") && at::cpu::init_amx()) return Bf16Units::Amx;
  return has("avx512_bf16") ? Bf16Units::Avx512 : Bf16Units::None;
}

}  // namespace

Bf16Units bf16Units() {
  static const Bf16Units found = find();
  return found;
}

}  // namespace tubelet::model

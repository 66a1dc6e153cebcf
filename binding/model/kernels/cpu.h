#pragma once

namespace tubelet::model {

/// What this CPU multiplies bfloat16 with, found at run time. The operating system must let the process use it too.
enum class Bf16Units {
  None,    ///< only by way of float32, which is slower than float32 itself
  Avx512,  ///< AVX512-BF16 (Zen 4, Cooper Lake)
  Amx,     ///< tiles (Sapphire Rapids)
};

Bf16Units bf16Units();

}  // namespace tubelet::model

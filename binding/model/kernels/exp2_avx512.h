#pragma once

#include <immintrin.h>

#include <numbers>

namespace tubelet::model::avx512 {

/// 2^x by Taylor's series around the nearest whole number; relative error below 3e-6. 0 for what is far below.
/// Static: no other file may end up with a copy of it that was compiled for these instructions.
static inline __m512 exp2(__m512 x) {
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 rest = _mm512_sub_ps(x, whole);
  __m512 sum = _mm512_set1_ps(1.3333558e-3F);
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(9.6181291e-3F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(5.5504109e-2F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(2.4022651e-1F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(std::numbers::ln2_v<float>));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0F));
  return _mm512_scalef_ps(sum, whole);
}

}  // namespace tubelet::model::avx512

// Compiled for AVX512-BF16, as avx512.cc is.
#include "model/kernels/linear_avx512.h"

#include <immintrin.h>

#include <numbers>

#include "model/kernels/exp2_avx512.h"

namespace tubelet::model::avx512 {

namespace {

constexpr auto kLog2E = std::numbers::log2e_v<float>;

/// Sums of a block of rows and columns, in the first level of the cache until the rest has been done to them.
constexpr std::int64_t kBlock = 8 * kRows;

__m512 splat(float number) {
  return _mm512_set1_ps(number);
}

__m512 widen(const std::uint16_t* numbers) {
  const __m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}

void store(__m512 numbers, std::uint16_t* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(numbers)));
}

/// 1 / (1 + 2^x)
__m512 sigmoid2(__m512 x) {
  return _mm512_div_ps(splat(1), _mm512_add_ps(splat(1), exp2(x)));
}

/// x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3): Hendrycks and Gimpel 2016, arXiv 1606.08415. It is
/// x / (1 + e^(-2u)).
__m512 geluTanh(__m512 x) {
  constexpr float kFactor = -2 * 0.7978845608F * kLog2E;
  const __m512 inner = _mm512_fmadd_ps(_mm512_mul_ps(x, x), splat(0.044715F * kFactor), splat(kFactor));
  return _mm512_mul_ps(x, sigmoid2(_mm512_mul_ps(x, inner)));
}

/// x (1 + erf(x / sqrt(2))) / 2, with erf by Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most.
__m512 gelu(__m512 x) {
  constexpr float kCoefficients[] = {1.061405429F, -1.453152027F, 1.421413741F, -0.284496736F, 0.254829592F};
  const __m512 z = _mm512_mul_ps(_mm512_abs_ps(x), splat(std::numbers::sqrt2_v<float> / 2));
  const __m512 t = _mm512_div_ps(splat(1), _mm512_fmadd_ps(z, splat(0.3275911F), splat(1)));
  __m512 polynomial = splat(kCoefficients[0]);
  for (int i = 1; i < 5; ++i) polynomial = _mm512_fmadd_ps(polynomial, t, splat(kCoefficients[i]));
  // 1 - erf(|x| / sqrt(2)): what is left of x on the negative side, and lost of it on the positive one.
  const __m512 rest =
      _mm512_mul_ps(_mm512_mul_ps(polynomial, t), exp2(_mm512_mul_ps(_mm512_mul_ps(z, z), splat(-kLog2E))));
  const __m512 half = _mm512_mul_ps(_mm512_mul_ps(x, splat(0.5F)), rest);
  const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
  return _mm512_mask_blend_ps(negative, _mm512_sub_ps(x, half), half);
}

/// Hands `finish` 16 sums at a time, with the bias, their row and their column.
template <typename Finish>
void run(const Layer& layer, const std::uint16_t* x, std::int64_t rows, std::int64_t panel, Finish finish) {
  alignas(64) float sums[kBlock * kPanel];
  const std::int64_t first = panel * kPanel;
  const std::int64_t columns = layer.outputs - first < kPanel ? layer.outputs - first : kPanel;
  for (std::int64_t start = 0; start < rows; start += kBlock) {
    const std::int64_t count = rows - start < kBlock ? rows - start : kBlock;
    multiply({{x + start * layer.inputs, layer.inputs},
              layer.weight + first * layer.inputs,
              columns,
              layer.inputs / 2,
              sums,
              kPanel},
             count, columns);
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < columns; j += kLanes) {
        const __m512 sum = _mm512_load_ps(sums + i * kPanel + j);
        finish(_mm512_add_ps(sum, widen(layer.bias + first + j)), start + i, first + j);
      }
    }
  }
}

}  // namespace

std::int64_t rowsAtATime(const Layer& layer) {
  constexpr std::int64_t kNumbers = 131'072;  // 256 KiB
  const std::int64_t blocks = kNumbers / layer.inputs / kRows;
  return kRows * (blocks > 0 ? blocks : 1);
}

void linear(const Layer& layer, const std::uint16_t* x, std::int64_t rows, std::int64_t panel, Epilogue epilogue,
            std::uint16_t* out) {
  const auto at = [&](std::int64_t row, std::int64_t column) { return out + row * layer.outputs + column; };
  switch (epilogue) {
    case Epilogue::None:
      return run(layer, x, rows, panel,
                 [&](__m512 sum, std::int64_t row, std::int64_t column) { store(sum, at(row, column)); });
    case Epilogue::Gelu:
      return run(layer, x, rows, panel,
                 [&](__m512 sum, std::int64_t row, std::int64_t column) { store(gelu(sum), at(row, column)); });
    case Epilogue::GeluTanh:
      return run(layer, x, rows, panel,
                 [&](__m512 sum, std::int64_t row, std::int64_t column) { store(geluTanh(sum), at(row, column)); });
  }
}

void linearAdd(const Layer& layer, const std::uint16_t* x, std::int64_t rows, std::int64_t panel, const float* residual,
               float* out) {
  run(layer, x, rows, panel, [&](__m512 sum, std::int64_t row, std::int64_t column) {
    const std::int64_t at = row * layer.outputs + column;
    _mm512_storeu_ps(out + at, _mm512_add_ps(sum, _mm512_loadu_ps(residual + at)));
  });
}

}  // namespace tubelet::model::avx512

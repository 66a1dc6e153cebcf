// Compiled for AVX512-BF16, as avx512.cc is.
#include "model/kernels/attention_avx512.h"

#include <immintrin.h>

#include <numbers>

#include "model/kernels/exp2_avx512.h"

namespace tubelet::model::avx512 {

namespace {

/// Keys that a block of queries meets at a time: the scores stay in the first level of the cache.
constexpr std::int64_t kKeys = 8 * kPanel;

std::int64_t padded(std::int64_t tokens) {
  return (tokens + kLanes - 1) / kLanes * kLanes;
}

std::int64_t least(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

/// The softmax of each row so far, as in online softmax (Milakov and Gimelshein 2018, arXiv 1805.02867).
struct Softmax {
  float largest[kQueries];
  float sum[kQueries];
};

/// Scores [rows, columns] to weights in bfloat16. When a row's largest score grows, what was summed up in `out`
/// shrinks.
void weigh(float* scores, std::uint16_t* weights, std::int64_t rows, std::int64_t columns, float scale,
           Softmax& softmax, float* out, std::int64_t width) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* row = scores + i * kKeys;
    __m512 high = _mm512_loadu_ps(row);
    for (std::int64_t j = kLanes; j < columns; j += kLanes) high = _mm512_max_ps(high, _mm512_loadu_ps(row + j));
    const float before = softmax.largest[i];
    const float found = _mm512_reduce_max_ps(high) * scale;
    const float largest = found > before ? found : before;
    const __m512 shift = _mm512_set1_ps(-largest);
    const __m512 factor = _mm512_set1_ps(scale);
    __m512 sum = _mm512_setzero_ps();
    for (std::int64_t j = 0; j < columns; j += kLanes) {
      const __m512 weight = exp2(_mm512_fmadd_ps(_mm512_loadu_ps(row + j), factor, shift));
      sum = _mm512_add_ps(sum, weight);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights + i * kKeys + j),
                          reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weight)));
    }
    softmax.largest[i] = largest;
    const __m512 shrink = exp2(_mm512_set1_ps(before - largest));
    softmax.sum[i] = softmax.sum[i] * _mm512_cvtss_f32(shrink) + _mm512_reduce_add_ps(sum);
    if (largest == before) continue;
    for (std::int64_t j = 0; j < width; j += kLanes) {
      float* const at = out + i * width + j;
      _mm512_storeu_ps(at, _mm512_mul_ps(_mm512_loadu_ps(at), shrink));
    }
  }
}

}  // namespace

std::int64_t packedSize(std::int64_t tokens, std::int64_t width) {
  return padded(tokens) * width;
}

/// [pair of keys, number, 2]
void packValues(Rows values, std::int64_t tokens, std::int64_t width, std::uint16_t* packed) {
  const std::int64_t all = padded(tokens);
  const auto load = [&](std::int64_t i, std::int64_t j) {
    if (i >= tokens) return _mm512_setzero_si512();
    return _mm512_cvtepu16_epi32(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values.data + i * values.stride + j)));
  };
  for (std::int64_t i = 0; i < all; i += 2) {
    for (std::int64_t j = 0; j < width; j += kLanes) {
      _mm512_storeu_si512(packed + i * width + 2 * j,
                          _mm512_or_si512(load(i, j), _mm512_slli_epi32(load(i + 1, j), 16)));
    }
  }
}

void attend(Rows queries, std::int64_t count, const std::uint16_t* packedKeys, const std::uint16_t* packedValues,
            std::int64_t tokens, std::int64_t width, float scale, std::uint16_t* out, std::int64_t outStride) {
  constexpr auto kLog2E = std::numbers::log2e_v<float>;
  constexpr float kNever = -1e30F;  // not the infinity: exp2() takes differences
  alignas(64) float scores[kQueries * kKeys];
  alignas(64) std::uint16_t weights[kQueries * kKeys];
  alignas(64) float sums[kQueries * kMaxWidth];
  Softmax softmax;
  for (std::int64_t i = 0; i < count; ++i) {
    softmax.largest[i] = kNever;
    softmax.sum[i] = 0;
  }
  for (std::int64_t i = 0; i < count * width; i += kLanes) _mm512_store_ps(sums + i, _mm512_setzero_ps());

  const std::int64_t all = padded(tokens);
  for (std::int64_t start = 0; start < all; start += kKeys) {
    const std::int64_t columns = least(kKeys, all - start);
    for (std::int64_t j = 0; j < columns; j += kPanel) {
      const std::int64_t panel = least(kPanel, columns - j);
      multiply({queries, packedKeys + (start + j) * width, panel, width / 2, scores + j, kKeys}, count, panel);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = tokens - start; j < columns; ++j) scores[i * kKeys + j] = kNever;
    }
    weigh(scores, weights, count, columns, scale * kLog2E, softmax, sums, width);
    for (std::int64_t j = 0; j < width; j += kPanel) {
      multiplyAndAdd({{weights, kKeys}, packedValues + start * width + 2 * j, width, columns / 2, sums + j, width},
                     count, least(kPanel, width - j));
    }
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const __m512 factor = _mm512_set1_ps(1 / softmax.sum[i]);
    for (std::int64_t j = 0; j < width; j += kLanes) {
      const __m512 result = _mm512_mul_ps(_mm512_load_ps(sums + i * width + j), factor);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * outStride + j),
                          reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(result)));
    }
  }
}

}  // namespace tubelet::model::avx512

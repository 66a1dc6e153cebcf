// Compiled for AVX512-BF16, unlike any other file: from headers it uses nothing but intrinsics and constants, since the
// linker might give its copy of an inline function to another file.
#include "model/attention_avx512.h"

#include <immintrin.h>

#include <numbers>

namespace tubelet::model::avx512 {

namespace {

/// What one block of the products needs at a time stays in the first level of the cache.
constexpr std::int64_t kPanel = 4 * kLanes;
constexpr std::int64_t kKeys = 8 * kPanel;
constexpr int kRows = 6;  // with 4 vectors: 24 of 32 registers are sums

/// Two bfloat16 of a row, which the dot product takes as one.
using Pair = std::uint32_t;

std::int64_t padded(std::int64_t tokens) {
  return (tokens + kLanes - 1) / kLanes * kLanes;
}

std::int64_t least(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

const Pair* pairs(const std::uint16_t* numbers) {
  return reinterpret_cast<const Pair*>(numbers);
}

Pair* pairs(std::uint16_t* numbers) {
  return reinterpret_cast<Pair*>(numbers);
}

/// A block of a product: rows of a, as pairs along the depth, times columns of b, as pairs beside each other.
struct Product {
  const Pair* a;
  std::int64_t aStride;
  const Pair* b;
  std::int64_t bStride;
  std::int64_t depth;  ///< in pairs
  float* c;
  std::int64_t cStride;
};

/// c = a b, or c += a b.
template <int Height, int Vectors, bool Add>
void multiply(const Product& product) {
  __m512 sums[Height][Vectors];
  for (int i = 0; i < Height; ++i) {
    for (int j = 0; j < Vectors; ++j) {
      sums[i][j] = Add ? _mm512_loadu_ps(product.c + i * product.cStride + j * kLanes) : _mm512_setzero_ps();
    }
  }
  const Pair* a = product.a;
  const Pair* b = product.b;
  for (std::int64_t p = 0; p < product.depth; ++p, ++a, b += product.bStride) {
    __m512bh columns[Vectors];
    for (int j = 0; j < Vectors; ++j) columns[j] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + j * kLanes));
    for (int i = 0; i < Height; ++i) {
      const auto row = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a[i * product.aStride])));
      for (int j = 0; j < Vectors; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], row, columns[j]);
    }
  }
  for (int i = 0; i < Height; ++i) {
    for (int j = 0; j < Vectors; ++j) _mm512_storeu_ps(product.c + i * product.cStride + j * kLanes, sums[i][j]);
  }
}

template <int Vectors, bool Add>
void multiplyRows(Product product, std::int64_t rows) {
  for (; rows >= kRows; rows -= kRows) {
    multiply<kRows, Vectors, Add>(product);
    product.a += kRows * product.aStride;
    product.c += kRows * product.cStride;
  }
  switch (rows) {
    case 5:
      return multiply<5, Vectors, Add>(product);
    case 4:
      return multiply<4, Vectors, Add>(product);
    case 3:
      return multiply<3, Vectors, Add>(product);
    case 2:
      return multiply<2, Vectors, Add>(product);
    case 1:
      return multiply<1, Vectors, Add>(product);
    default:
      return;
  }
}

/// As many columns as make up to 4 vectors.
template <bool Add>
void multiplyPanel(const Product& product, std::int64_t rows, std::int64_t columns) {
  switch (columns / kLanes) {
    case 4:
      return multiplyRows<4, Add>(product, rows);
    case 3:
      return multiplyRows<3, Add>(product, rows);
    case 2:
      return multiplyRows<2, Add>(product, rows);
    default:
      return multiplyRows<1, Add>(product, rows);
  }
}

/// 2^x by Taylor's series around the nearest whole number; relative error below 3e-6. 0 for what is far below.
__m512 exp2(__m512 x) {
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

/// Panels of up to 64 keys, each [pair, key, 2].
void packKeys(Rows keys, std::int64_t tokens, std::int64_t width, std::uint16_t* packed) {
  const std::int64_t all = padded(tokens);
  for (std::int64_t start = 0; start < all; start += kPanel) {
    const std::int64_t columns = least(kPanel, all - start);
    Pair* const panel = pairs(packed + start * width);
    for (std::int64_t j = 0; j < columns; ++j) {
      const bool real = start + j < tokens;
      const Pair* const key = pairs(keys.data + (real ? start + j : 0) * keys.stride);
      for (std::int64_t p = 0; p < width / 2; ++p) panel[p * columns + j] = real ? key[p] : 0;
    }
  }
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
      multiplyPanel<false>({pairs(queries.data), queries.stride / 2, pairs(packedKeys + (start + j) * width), panel,
                            width / 2, scores + j, kKeys},
                           count, panel);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = tokens - start; j < columns; ++j) scores[i * kKeys + j] = kNever;
    }
    weigh(scores, weights, count, columns, scale * std::numbers::log2e_v<float>, softmax, sums, width);
    for (std::int64_t j = 0; j < width; j += kPanel) {
      multiplyPanel<true>(
          {pairs(weights), kKeys / 2, pairs(packedValues + start * width) + j, width, columns / 2, sums + j, width},
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

// Compiled for AVX512-BF16, as are the files that call it: from headers they use nothing but intrinsics, constants and
// static functions, since the linker might give their copy of an inline function to another file.
#include "model/kernels/avx512.h"

#include <immintrin.h>

namespace tubelet::model::avx512 {

namespace {

/// Two bfloat16 of a row, which the dot product takes as one.
using Pair = std::uint32_t;

const Pair* pairs(const std::uint16_t* numbers) {
  return reinterpret_cast<const Pair*>(numbers);
}

template <int Height, int Vectors, bool Add>
void multiplyBlock(const Product& product) {
  __m512 sums[Height][Vectors];
  for (int i = 0; i < Height; ++i) {
    for (int j = 0; j < Vectors; ++j) {
      sums[i][j] = Add ? _mm512_loadu_ps(product.c + i * product.cStride + j * kLanes) : _mm512_setzero_ps();
    }
  }
  const Pair* a = pairs(product.a.data);
  const std::int64_t aStride = product.a.stride / 2;
  const Pair* b = pairs(product.b);
  for (std::int64_t p = 0; p < product.depth; ++p, ++a, b += product.bStride) {
    __m512bh columns[Vectors];
    for (int j = 0; j < Vectors; ++j) columns[j] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + j * kLanes));
    for (int i = 0; i < Height; ++i) {
      const auto row = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a[i * aStride])));
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
    multiplyBlock<kRows, Vectors, Add>(product);
    product.a.data += kRows * product.a.stride;
    product.c += kRows * product.cStride;
  }
  switch (rows) {
    case 5:
      return multiplyBlock<5, Vectors, Add>(product);
    case 4:
      return multiplyBlock<4, Vectors, Add>(product);
    case 3:
      return multiplyBlock<3, Vectors, Add>(product);
    case 2:
      return multiplyBlock<2, Vectors, Add>(product);
    case 1:
      return multiplyBlock<1, Vectors, Add>(product);
    default:
      return;
  }
}

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

}  // namespace

void packRows(Rows rows, std::int64_t count, std::int64_t width, std::uint16_t* packed) {
  const std::int64_t all = (count + kLanes - 1) / kLanes * kLanes;
  for (std::int64_t start = 0; start < all; start += kPanel) {
    const std::int64_t columns = kPanel < all - start ? kPanel : all - start;
    auto* const panel = reinterpret_cast<Pair*>(packed + start * width);
    for (std::int64_t j = 0; j < columns; ++j) {
      const bool real = start + j < count;
      const Pair* const row = pairs(rows.data + (real ? start + j : 0) * rows.stride);
      for (std::int64_t p = 0; p < width / 2; ++p) panel[p * columns + j] = real ? row[p] : 0;
    }
  }
}

void multiply(const Product& product, std::int64_t rows, std::int64_t columns) {
  multiplyPanel<false>(product, rows, columns);
}

void multiplyAndAdd(const Product& product, std::int64_t rows, std::int64_t columns) {
  multiplyPanel<true>(product, rows, columns);
}

}  // namespace tubelet::model::avx512

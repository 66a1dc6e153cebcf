#pragma once

#include <cstdint>

/// Products of matrices of bfloat16 by AVX512-BF16's dot product, with sums in float32. Only for CPUs that have it: see
/// bf16Units() in cpu.h.
///
/// The values are bfloat16 as the bits they are made of.
namespace tubelet::model::avx512 {

/// Numbers of float32 in a vector.
constexpr std::int64_t kLanes = 16;

/// Columns of a panel, but for the last one, which may have fewer.
constexpr std::int64_t kPanel = 4 * kLanes;

/// Rows that multiply() takes together: with the vectors of a panel, 24 of the 32 registers are sums.
constexpr std::int64_t kRows = 6;

/// Rows of a matrix in memory: `stride` numbers from the start of one to the start of the next.
struct Rows {
  const std::uint16_t* data;
  std::int64_t stride;
};

/// Lays rows out side by side, so that one instruction meets 16 of them: panels of up to 64, each [pair, row, 2].
/// `count` rows of `width` numbers, which is even; up to the next multiple of 16 there are rows of zeros.
void packRows(Rows rows, std::int64_t count, std::int64_t width, std::uint16_t* packed);

/// A product of rows of `a` and columns of a panel: pairs of numbers of all columns side by side, `bStride` pairs from
/// one to the next.
struct Product {
  Rows a;
  const std::uint16_t* b;
  std::int64_t bStride;
  std::int64_t depth;  ///< in pairs
  float* c;
  std::int64_t cStride;
};

/// c = a b for any number of rows, and up to kPanel columns, a multiple of 16.
void multiply(const Product& product, std::int64_t rows, std::int64_t columns);

/// c += a b
void multiplyAndAdd(const Product& product, std::int64_t rows, std::int64_t columns);

}  // namespace tubelet::model::avx512

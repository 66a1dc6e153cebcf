#pragma once

#include <cstdint>

/// Attention in bfloat16 by AVX512-BF16's dot product. Only for CPUs that have it: see supportsBf16() in cpu.h.
///
/// The values are bfloat16 as the bits they are made of. Both products keep their sums in float32, and so do the scores
/// and the softmax between them; only the weights that multiply the values are rounded.
namespace tubelet::model::avx512 {

/// Rows of a matrix in memory: `stride` numbers from the start of one to the start of the next.
struct Rows {
  const std::uint16_t* data;
  std::int64_t stride;
};

/// The widest head that attend() takes.
constexpr std::int64_t kMaxWidth = 256;

/// Keys are laid out side by side in panels, so that one instruction meets 16 of them.
constexpr std::int64_t kLanes = 16;

/// Numbers that packKeys() and packValues() write each.
std::int64_t packedSize(std::int64_t tokens, std::int64_t width);

/// `width` is that of a head, a multiple of 16.
void packKeys(Rows keys, std::int64_t tokens, std::int64_t width, std::uint16_t* packed);
void packValues(Rows values, std::int64_t tokens, std::int64_t width, std::uint16_t* packed);

/// Queries that attend() is best given at a time.
constexpr std::int64_t kQueries = 24;

/// softmax(q k^T * scale) v for at most kQueries queries and all keys of a head.
void attend(Rows queries, std::int64_t count, const std::uint16_t* packedKeys, const std::uint16_t* packedValues,
            std::int64_t tokens, std::int64_t width, float scale, std::uint16_t* out, std::int64_t outStride);

}  // namespace tubelet::model::avx512

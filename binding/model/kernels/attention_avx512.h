#pragma once

#include <cstdint>

#include "model/kernels/avx512.h"

namespace tubelet::model::avx512 {

/// Attention in bfloat16. Both products keep their sums in float32, and so do the scores and the softmax between them;
/// only the weights that multiply the values are rounded.

/// The widest head that attend() takes.
constexpr std::int64_t kMaxWidth = 256;

/// Numbers of the keys of a head as packRows() lays them out, and as many of its values by packValues().
std::int64_t packedSize(std::int64_t tokens, std::int64_t width);

/// `width` is that of a head, a multiple of 16.
void packValues(Rows values, std::int64_t tokens, std::int64_t width, std::uint16_t* packed);

/// Queries that attend() is best given at a time.
constexpr std::int64_t kQueries = 24;

/// softmax(q k^T * scale) v for at most kQueries queries and all keys of a head.
void attend(Rows queries, std::int64_t count, const std::uint16_t* packedKeys, const std::uint16_t* packedValues,
            std::int64_t tokens, std::int64_t width, float scale, std::uint16_t* out, std::int64_t outStride);

}  // namespace tubelet::model::avx512

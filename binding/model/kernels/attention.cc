#include "model/kernels/attention.h"

#include <algorithm>
#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "model/kernels/attention_avx512.h"
#include "model/kernels/cpu.h"

namespace tubelet::model {

namespace {

/// Every block of queries reads all keys and values. In sequences longer than this, copying them out of the fused
/// product, so that they lie close together, costs a CPU less than it saves.
constexpr std::int64_t kLongSequence = 1024;

/// With tiles LibTorch's own attention is faster than anything made of dot products, and without them its products of
/// bfloat16 are no faster than those of float32.
bool suitsAvx512(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const auto rowsAreDense = [](const at::Tensor& tensor) { return tensor.stride(3) == 1; };
  return q.is_cpu() && q.scalar_type() == at::kBFloat16 && bf16Units() == Bf16Units::Avx512 &&
         q.size(3) % avx512::kLanes == 0 && q.size(3) <= avx512::kMaxWidth && rowsAreDense(q) && rowsAreDense(k) &&
         rowsAreDense(v);
}

/// The rows of one head of one sequence; `index` counts heads, and sequences of heads.
avx512::Rows rowsOf(const at::Tensor& tensor, std::int64_t index) {
  const std::int64_t heads = tensor.size(1);
  const auto* data = reinterpret_cast<const std::uint16_t*>(tensor.const_data_ptr<at::BFloat16>());
  return {data + index / heads * tensor.stride(0) + index % heads * tensor.stride(1), tensor.stride(2)};
}

at::Tensor attentionAvx512(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t sequences = q.size(0);
  const std::int64_t heads = q.size(1);
  const std::int64_t queries = q.size(2);
  const std::int64_t tokens = k.size(2);
  const std::int64_t width = q.size(3);
  const float scale = 1 / std::sqrt(static_cast<float>(width));

  const std::int64_t packedSize = avx512::packedSize(tokens, width);
  const at::Tensor packed = at::empty({2, sequences * heads, packedSize}, q.options());
  const auto bits = [](const at::Tensor& tensor) {
    return reinterpret_cast<std::uint16_t*>(tensor.mutable_data_ptr<at::BFloat16>());
  };
  std::uint16_t* const keys = bits(packed);
  std::uint16_t* const values = keys + sequences * heads * packedSize;
  at::parallel_for(0, sequences * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      avx512::packRows(rowsOf(k, i), tokens, width, keys + i * packedSize);
      avx512::packValues(rowsOf(v, i), tokens, width, values + i * packedSize);
    }
  });

  at::Tensor out = at::empty({sequences, queries, heads * width}, q.options());
  const std::int64_t blocks = (queries + avx512::kQueries - 1) / avx512::kQueries;
  at::parallel_for(0, sequences * heads * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t i = block / blocks;
      const std::int64_t first = block % blocks * avx512::kQueries;
      const avx512::Rows rows = rowsOf(q, i);
      std::uint16_t* const to = bits(out) + ((i / heads * queries + first) * heads + i % heads) * width;
      avx512::attend({rows.data + first * rows.stride, rows.stride}, std::min(avx512::kQueries, queries - first),
                     keys + i * packedSize, values + i * packedSize, tokens, width, scale, to, heads * width);
    }
  });
  return out;
}

}  // namespace

at::Tensor attention(at::Tensor q, at::Tensor k, at::Tensor v) {
  if (suitsAvx512(q, k, v)) return attentionAvx512(q, k, v);
  if (q.is_cpu() && k.size(2) > kLongSequence) {
    k = k.contiguous();
    v = v.contiguous();
  }
  return at::scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2);
}

}  // namespace tubelet::model

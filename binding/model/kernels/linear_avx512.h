#pragma once

#include <cstdint>

#include "model/kernels/avx512.h"

namespace tubelet::model::avx512 {

/// Linear layers in bfloat16, on weights that packRows() has laid out: the columns of a product are the rows of the
/// weight.

/// What becomes of a sum, with the bias added.
enum class Epilogue {
  None,
  Gelu,      ///< x * normal distribution function(x)
  GeluTanh,  ///< its approximation by tanh
};

/// A layer of `inputs` to `outputs` numbers: an even number and a multiple of 16.
struct Layer {
  const std::uint16_t* weight;
  const std::uint16_t* bias;
  std::int64_t inputs;
  std::int64_t outputs;
};

/// Rows that a panel of the weight is best given at a time: they and the panel stay in the second level of the cache.
std::int64_t rowsAtATime(const Layer& layer);

/// The columns of panel `panel` of the results of `rows` rows, as bfloat16. `out` is where the first row begins.
void linear(const Layer& layer, const std::uint16_t* x, std::int64_t rows, std::int64_t panel, Epilogue epilogue,
            std::uint16_t* out);

/// The same, not rounded, plus the residual, of which a row is as long as one of the results.
void linearAdd(const Layer& layer, const std::uint16_t* x, std::int64_t rows, std::int64_t panel, const float* residual,
               float* out);

}  // namespace tubelet::model::avx512

#include "model/pictures/normalize.h"

#include <cmath>
#include <cstddef>
#include <span>

namespace tubelet::model {

void normalizeEach(std::vector<float>& vectors, std::int64_t width) {
  const auto step = static_cast<std::size_t>(width);
  for (std::size_t begin = 0; begin < vectors.size(); begin += step) {
    const std::span<float> vector(vectors.data() + begin, step);
    double squares = 0;
    for (const float value : vector) squares += static_cast<double>(value) * value;
    if (squares == 0) continue;
    const double norm = std::sqrt(squares);
    for (float& value : vector) value = static_cast<float>(value / norm);
  }
}

}  // namespace tubelet::model

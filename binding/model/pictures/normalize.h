#pragma once

#include <cstdint>
#include <vector>

namespace tubelet::model {

/// Scales each `width` numbers to length 1 (L2); those of length 0 stay as they are. `vectors` holds a multiple of
/// `width` numbers.
void normalizeEach(std::vector<float>& vectors, std::int64_t width);

}  // namespace tubelet::model

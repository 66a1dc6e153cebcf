#pragma once

#include <cstdint>
#include <vector>

#include "model/pictures/size.h"

namespace tubelet::model {

/// RGB bytes [H, W, 3], rows packed, resized as tf.cast(tf.image.resize(frame, (height, width)), tf.uint8) does, to the
/// byte.
std::vector<std::uint8_t> resizeAsTensorFlow(const std::uint8_t* rgb, Size from, Size to);

}  // namespace tubelet::model

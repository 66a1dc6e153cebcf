#pragma once

#include <cstdint>
#include <vector>

#include "model/pictures/size.h"

namespace tubelet::model {

/// RGB bytes [H, W, 3], rows packed, resized as cv2.resize(frame, (width, height)) does, to the byte.
std::vector<std::uint8_t> resizeAsOpenCv(const std::uint8_t* rgb, Size from, Size to);

}  // namespace tubelet::model

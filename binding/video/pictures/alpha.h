#pragma once

#include <cstddef>
#include <cstdint>

#include "video/common/libav.h"

namespace tubelet::video {

/// Whether pictures of this format can be transparent, those with a palette included.
bool hasAlpha(AVPixelFormat format);

/// Lays straight (not premultiplied) RGBA over black: each colour times alpha / 255, rounded. `rgb` may be where `rgba`
/// is.
void layOverBlack(const std::uint8_t* rgba, std::uint8_t* rgb, std::size_t pixels);

}  // namespace tubelet::video

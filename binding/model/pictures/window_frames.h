#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/common/spec.h"
#include "model/pictures/size.h"

namespace tubelet::model {

/// The frames of a video's windows as a model's pixels: what PixelBuffer makes of each window, with a frame that
/// several windows share prepared and kept once. Not thread-safe.
class WindowFrames {
 public:
  /// `frames`: the slots of a window, T.
  WindowFrames(const Preprocessing& preprocessing, int frames);

  /// Fills `slots` (those of window k begin at k * T) with the frame `rgb`. Throws as PixelBuffer::add does.
  void add(std::span<const int> slots, const std::uint8_t* rgb, Size size);

  /// float32 [1, T, 3, H, W] of a window, of which every slot must have been filled; forgets them.
  at::Tensor take(std::size_t window);

 private:
  Preprocessing preprocessing_;
  std::size_t frames_;
  std::map<std::size_t, std::vector<at::Tensor>> windows_;  ///< [1, 1, 3, H, W] each; slots of one frame share it
};

}  // namespace tubelet::model

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/error.h"
#include "model/common/spec.h"
#include "model/pictures/size.h"

namespace tubelet::model {

/// The size to which a frame is resized. The long side is truncated, not rounded, as in transformers'
/// get_resize_output_image_size. Throws Error(LIMIT_EXCEEDED) when the frame is so narrow that the result would have
/// more than 8192 x 8192 pixels.
Size resizedSize(const Preprocessing& preprocessing, Size frame);

/// How one axis of a frame is fitted to a crop: `count` pixels from `from` on are copied to `to` on; the rest is 0.
struct CropSpan {
  int from = 0;
  int to = 0;
  int count = 0;
  bool operator==(const CropSpan&) const = default;
};

/// The centre crop of transformers: a longer side loses floor(difference / 2) pixels in front, a shorter one is padded
/// with floor(difference / 2) zeros in front, or in ViViT's own processor (`padFrontMore`) with the ceiling of that.
CropSpan centreCrop(int length, int crop, bool padFrontMore);

/// What rescaling and normalising make of the levels 0 to 255.
class Levels {
 public:
  explicit Levels(const Preprocessing& preprocessing);

  /// `level` may lie between two bytes.
  float operator()(std::size_t channel, float level) const;

 private:
  bool offset_;
  bool normalize_;
  double factor_;  ///< 1 where it is folded into the others
  std::array<float, 3> mean_{};
  std::array<float, 3> std_{};
};

/// A view of the bytes [H, W, 3] at `rgb` as the tensor [1, 3, H, W]. They must outlive it and must not be written to.
at::Tensor asTensor(const std::uint8_t* rgb, Size size);

/// Bytes [1, 3, H, W] in channels-last order, resized by the operator that torchvision uses.
at::Tensor resizeBytes(const at::Tensor& frame, const Preprocessing& preprocessing, Size size);

/// What is wrong with a clip whose frames would not become pictures of one size.
Error differingSizes();

/// Throws Error(INVALID_ARGUMENT) for impossible numbers.
void checkPreprocessing(const Preprocessing& preprocessing);

/// Turns the frames of one clip into a model's pixels as transformers' image processors do: resize (on bytes, by the
/// operator that torchvision uses), centre crop, rescale, normalise. Each frame is done as it comes, so that no more
/// than one is in memory at its own size. Not thread-safe.
class PixelBuffer {
 public:
  /// `frames`: the clip's slots, T.
  PixelBuffer(const Preprocessing& preprocessing, int frames);

  /// Fills `slots` (0-based) with the frame `rgb`, which has height x width x 3 bytes, rows packed. Throws Error:
  /// INVALID_ARGUMENT, LIMIT_EXCEEDED, or OUT_OF_MEMORY.
  void add(std::span<const int> slots, const std::uint8_t* rgb, Size size);

  /// float32 [1, T, 3, H, W]. Every slot must have been filled.
  at::Tensor pixels() const;

 private:
  using Table = std::array<std::array<float, 256>, 3>;

  Size outputSize(Size resized) const;
  void fill(float* pixels, const std::uint8_t* rgb, Size size, Size output) const;

  Preprocessing preprocessing_;
  Table table_{};  ///< what rescaling and normalising make of a byte, for each channel
  std::vector<bool> filled_;
  at::Tensor pixels_;  ///< [1, T, 3, H, W]; undefined before the first frame says H and W
};

}  // namespace tubelet::model

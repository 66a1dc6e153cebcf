#pragma once

#include <cstdint>

#include "video/common/libav.h"

namespace tubelet::video {

/// How the axes of a stored picture become those of the upright one: swapped first, then each optionally reversed. The
/// eight cases are all that cameras write; a display matrix at another angle is rounded to the nearest of them.
struct Orientation {
  bool transpose = false;
  bool flipX = false;
  bool flipY = false;

  /// `matrix`: libav's display matrix of nine numbers; null for none.
  static Orientation of(const std::int32_t* matrix);
  /// Degrees clockwise: 0, 90, 180 or 270, after mirroring left-right where mirrored().
  int rotation() const;
  bool mirrored() const;
};

struct Size {
  int width = 0;
  int height = 0;

  std::int64_t pixels() const { return std::int64_t{width} * height; }
  bool operator==(const Size& other) const = default;
};

/// Pixels that the container says to crop on each side.
struct Cropping {
  int top = 0;
  int bottom = 0;
  int left = 0;
  int right = 0;

  static Cropping of(const AVStream& stream);
  bool any() const { return top != 0 || bottom != 0 || left != 0 || right != 0; }
  /// Clamped so that at least one pixel remains.
  Size remaining(Size size) const;
};

/// Width over height of one pixel; 1 where unspecified. `frame` may be null.
double sampleAspectRatio(AVFormatContext& format, AVStream& stream, AVFrame* frame);

/// Stretches the width so that pixels become square.
Size squarePixels(Size size, double aspectRatio);

/// The display matrix of a frame, else of its stream, else null. `frame` may be null.
const std::int32_t* displayMatrix(const AVStream& stream, const AVFrame* frame);

/// `size` with its sides swapped where the orientation swaps the axes.
Size oriented(Size size, const Orientation& orientation);

}  // namespace tubelet::video

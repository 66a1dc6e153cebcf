#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "model/pictures/opencv_bilinear.h"
#include "model/pictures/size.h"
#include "video/common/clip.h"

namespace tubelet::node {

/// Runs from when it is made.
class Stopwatch {
 public:
  double milliseconds() const { return std::chrono::duration<double, std::milli>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// Prepares each frame as it comes, in a model::PixelBuffer, ViewFrames or WindowFrames, and keeps the time that takes
/// apart from the reader's.
template <typename Buffer>
class PreparingSink : public video::FrameSink {
 public:
  explicit PreparingSink(Buffer& buffer) : buffer_(buffer) {}

  void frame(std::span<const int> slots, const video::Picture& picture) override {
    const Stopwatch watch;
    buffer_.add(slots, picture.rgb, {.height = picture.height, .width = picture.width});
    milliseconds_ += watch.milliseconds();
  }

  double milliseconds() const { return milliseconds_; }

 private:
  Buffer& buffer_;
  double milliseconds_ = 0;
};

/// Stretches each frame to one size on its way to another sink; without a size the frames pass through unchanged.
class StretchingSink : public video::FrameSink {
 public:
  StretchingSink(video::FrameSink& next, std::optional<model::Size> size) : next_(next), size_(size) {}

  void frame(std::span<const int> slots, const video::Picture& picture) override {
    if (!size_) {
      next_.frame(slots, picture);
      return;
    }
    const auto rgb = model::resizeAsOpenCv(picture.rgb, {.height = picture.height, .width = picture.width}, *size_);
    next_.frame(slots, {.rgb = rgb.data(), .width = size_->width, .height = size_->height});
  }

 private:
  video::FrameSink& next_;
  std::optional<model::Size> size_;
};

}  // namespace tubelet::node

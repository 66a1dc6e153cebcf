#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/common/spec.h"
#include "model/model.h"
#include "model/pictures/preprocess.h"
#include "model/pictures/size.h"

namespace tubelet::model {

/// What a published test protocol does with the frames of its clips, beyond choosing them: how they are resized and cut
/// into crops, and how the answers to all views are put together. A view is one crop of one clip. docs/sampling.md says
/// where each rule comes from.
struct Views {
  /// Bilinear, as in each paper's code: only the last filters out what a smaller picture cannot show.
  enum class Filter {
    OpenCv,      ///< on bytes, cv2.resize
    TensorFlow,  ///< tf.image.resize, truncated to bytes
    Torch,       ///< torch.nn.functional.interpolate on floats
    Antialias,   ///< as `preprocessing` says, like the processors
  };
  enum class Average {
    Scores,       ///< the mean of the softmax of each view's logits
    Sigmoids,     ///< the mean of the sigmoid of each view's logits
    SumOfLogits,  ///< the sum of the logits, then softmax
    Logits,       ///< the mean of the logits, then softmax
  };

  int crops = 3;  ///< spread evenly along the longer side
  Filter filter = Filter::Torch;
  bool roundUp = false;  ///< whether a crop that would begin between two pixels begins at the second
  Average average = Average::Logits;
  /// resizeHeight is the short side; the crop is the model's input; the levels as usual.
  Preprocessing preprocessing;
};

/// Where crop `index` of `crops` begins on an axis of `length` pixels: the first at 0, the last at the end.
int cropStart(int length, int crop, int index, int crops, bool roundUp);

/// The frames of a protocol's clips, kept as they were cut: bytes, or floats where the protocol's filter gives floats.
/// Pixels are made for one view at a time. Not thread-safe.
class ViewFrames {
 public:
  /// `frames` a clip. Throws Error(INVALID_ARGUMENT) for impossible numbers.
  ViewFrames(const Views& views, int clips, int frames);

  /// Fills `slots` (0-based, clip after clip) with the frame `rgb`, which has height x width x 3 bytes, rows packed.
  /// Throws Error: INVALID_ARGUMENT, LIMIT_EXCEEDED, or OUT_OF_MEMORY.
  void add(std::span<const int> slots, const std::uint8_t* rgb, Size size);

  int views() const { return clips_ * views_.crops; }
  Views::Average average() const { return views_.average; }

  /// float32 [1, T, 3, H, W] of one view, clip after clip. Every slot must have been filled.
  at::Tensor pixels(int view) const;

 private:
  at::Tensor resize(const std::uint8_t* rgb, Size size) const;
  at::Tensor cut(const at::Tensor& frame) const;

  Views views_;
  int clips_;
  int frames_;
  Levels levels_;
  std::vector<at::Tensor> slots_;  ///< [crops, H, W, 3]; slots of one frame share it
};

/// Puts the answers to several views together.
class ViewAverage {
 public:
  explicit ViewAverage(Views::Average average) : average_(average) {}

  void add(const Output& output);

  /// Scores are the softmax of the logits whatever the protocol: one that averages scores has their logarithm for
  /// logits, and one that averages sigmoids has the logits of which their mean is the sigmoid. The embedding is the
  /// mean. At least one view must have been added.
  Output result() const;

 private:
  Views::Average average_;
  int count_ = 0;
  Output last_;
  std::vector<double> logits_;  ///< their sum; for Scores and Sigmoids the logarithm of the scores' sum
  std::vector<double> rests_;   ///< for Sigmoids: the logarithm of the sum of what each score lacks to 1
  std::vector<double> embedding_;
};

}  // namespace tubelet::model

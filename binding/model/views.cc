#include "model/views.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include <ATen/ops/empty.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <c10/core/InferenceMode.h>

#include "engine/error.h"
#include "model/common/torch_errors.h"
#include "model/pictures/opencv_bilinear.h"
#include "model/pictures/tensorflow_bilinear.h"

namespace tubelet::model {

namespace {

/// [H, W, 3] to planes [3, H, W].
template <typename Level>
void normalise(float* pixels, const Level* rgb, std::size_t area, const Levels& levels) {
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < area; ++i) pixels[c * area + i] = levels(c, static_cast<float>(rgb[3 * i + c]));
  }
}

/// log(sum(exp(values))), without overflow.
double logSumExp(std::span<const double> values) {
  const double largest = std::ranges::max(values);
  double sum = 0;
  for (const double value : values) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

/// log(1 / (1 + exp(-value))), without overflow.
double logSigmoid(double value) {
  return std::min(value, 0.0) - std::log1p(std::exp(-std::abs(value)));
}

void addTo(std::vector<double>& sums, const std::vector<float>& values) {
  sums.resize(values.size());
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += values[i];
}

}  // namespace

int cropStart(int length, int crop, int index, int crops, bool roundUp) {
  const int gaps = std::max(crops - 1, 1);
  return ((length - crop) * index + (roundUp ? gaps - 1 : 0)) / gaps;
}

ViewFrames::ViewFrames(const Views& views, int clips, int frames)
    : views_(views), clips_(clips), frames_(frames), levels_(views.preprocessing) {
  const Preprocessing& preprocessing = views.preprocessing;
  checkPreprocessing(preprocessing);
  const bool fits = preprocessing.resize == Preprocessing::Resize::ShortestEdge && preprocessing.cropHeight > 0 &&
                    preprocessing.resizeHeight >= std::max(preprocessing.cropHeight, preprocessing.cropWidth);
  if (!fits || views.crops < 1 || clips < 1 || frames < 1) {
    throw Error(ErrorCode::InvalidArgument, "Views need clips, frames, crops, and a short side that holds a crop.");
  }
  slots_.resize(static_cast<std::size_t>(clips) * static_cast<std::size_t>(frames));
}

void ViewFrames::add(std::span<const int> slots, const std::uint8_t* rgb, Size size) {
  for (const int slot : slots) {
    if (slot < 0 || static_cast<std::size_t>(slot) >= slots_.size()) {
      throw Error(ErrorCode::InvalidArgument, "The clips have no frame " + std::to_string(slot) + ".");
    }
  }
  const at::Tensor crops = translatingErrors("prepare a frame", [&] {
    const c10::InferenceMode noGradients;
    return cut(resize(rgb, size));
  });
  for (const int slot : slots) slots_[static_cast<std::size_t>(slot)] = crops;
}

/// [1, 3, H, W], bytes or floats.
at::Tensor ViewFrames::resize(const std::uint8_t* rgb, Size size) const {
  const Size to = resizedSize(views_.preprocessing, size);
  switch (views_.filter) {
    case Views::Filter::OpenCv:
      return size == to ? asTensor(rgb, size) : asTensor(resizeAsOpenCv(rgb, size, to).data(), to).clone();
    case Views::Filter::TensorFlow:
      return size == to ? asTensor(rgb, size) : asTensor(resizeAsTensorFlow(rgb, size, to).data(), to).clone();
    case Views::Filter::Torch:
      return at::upsample_bilinear2d(asTensor(rgb, size).to(at::kFloat), {to.height, to.width}, false);
    case Views::Filter::Antialias:
      return resizeBytes(asTensor(rgb, size), views_.preprocessing, to);
  }
  throw Error(ErrorCode::Internal, "Unknown filter.");
}

/// [1, 3, H, W] to [crops, H, W, 3]. On the shorter side all crops are in the middle.
at::Tensor ViewFrames::cut(const at::Tensor& frame) const {
  const int height = views_.preprocessing.cropHeight;
  const int width = views_.preprocessing.cropWidth;
  const auto frameHeight = static_cast<int>(frame.size(2));
  const auto frameWidth = static_cast<int>(frame.size(3));
  const bool upright = frameHeight > frameWidth;
  const int centreY = cropStart(frameHeight, height, 1, 3, views_.roundUp);
  const int centreX = cropStart(frameWidth, width, 1, 3, views_.roundUp);
  const at::Tensor crops = at::empty({views_.crops, height, width, 3}, frame.options());
  for (int i = 0; i < views_.crops; ++i) {
    const int y = upright ? cropStart(frameHeight, height, i, views_.crops, views_.roundUp) : centreY;
    const int x = upright ? centreX : cropStart(frameWidth, width, i, views_.crops, views_.roundUp);
    crops[i].copy_(frame[0].narrow(1, y, height).narrow(2, x, width).permute({1, 2, 0}));
  }
  return crops;
}

at::Tensor ViewFrames::pixels(int view) const {
  const int height = views_.preprocessing.cropHeight;
  const int width = views_.preprocessing.cropWidth;
  const std::size_t area = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  const std::size_t first = static_cast<std::size_t>(view / views_.crops) * static_cast<std::size_t>(frames_);
  return translatingErrors("prepare a view", [&] {
    const c10::InferenceMode noGradients;
    at::Tensor pixels = at::empty({1, frames_, 3, height, width}, at::kFloat);
    auto* to = pixels.mutable_data_ptr<float>();
    for (std::size_t t = 0; t < static_cast<std::size_t>(frames_); ++t, to += 3 * area) {
      const at::Tensor& crops = slots_[first + t];
      if (!crops.defined()) {
        throw Error(ErrorCode::Internal, "Frame " + std::to_string(first + t) + " of the clips was never filled in.");
      }
      const at::Tensor crop = crops[view % views_.crops];
      if (crop.scalar_type() == at::kFloat) {
        normalise(to, crop.const_data_ptr<float>(), area, levels_);
      } else {
        normalise(to, crop.const_data_ptr<std::uint8_t>(), area, levels_);
      }
    }
    return pixels;
  });
}

void ViewAverage::add(const Output& output) {
  if (average_ == Views::Average::Scores) {
    const std::vector<double> logits(output.logits.begin(), output.logits.end());
    const double total = logits.empty() ? 0 : logSumExp(logits);
    logits_.resize(logits.size(), -HUGE_VAL);
    for (std::size_t i = 0; i < logits.size(); ++i) logits_[i] = logSumExp({{logits_[i], logits[i] - total}});
  } else if (average_ == Views::Average::Sigmoids) {
    logits_.resize(output.logits.size(), -HUGE_VAL);
    rests_.resize(output.logits.size(), -HUGE_VAL);
    for (std::size_t i = 0; i < logits_.size(); ++i) {
      logits_[i] = logSumExp({{logits_[i], logSigmoid(output.logits[i])}});
      rests_[i] = logSumExp({{rests_[i], logSigmoid(-output.logits[i])}});
    }
  } else {
    addTo(logits_, output.logits);
  }
  addTo(embedding_, output.embedding);
  last_ = output;
  ++count_;
}

Output ViewAverage::result() const {
  std::vector<double> logits = logits_;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (average_ == Views::Average::Scores) logits[i] -= std::log(count_);
    if (average_ == Views::Average::Sigmoids) logits[i] -= rests_[i];
    if (average_ == Views::Average::Logits) logits[i] /= count_;
  }
  Output output = last_;
  const double total = logits.empty() ? 0 : logSumExp(logits);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    output.logits[i] = static_cast<float>(logits[i]);
    output.scores[i] = static_cast<float>(std::exp(logits[i] - total));
  }
  for (std::size_t i = 0; i < embedding_.size(); ++i) output.embedding[i] = static_cast<float>(embedding_[i] / count_);
  return output;
}

}  // namespace tubelet::model

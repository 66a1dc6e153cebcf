#include "model/pictures/preprocess.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <ATen/Version.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/_upsample_nearest_exact2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <c10/core/InferenceMode.h>

#include "engine/error.h"
#include "model/common/torch_errors.h"

namespace tubelet::model {

namespace {

constexpr std::int64_t kMaxResizedPixels = 8192LL * 8192LL;

std::string sizeText(Size size) {
  return std::to_string(size.width) + " x " + std::to_string(size.height);
}

void require(bool holds, const std::string& what) {
  if (!holds) throw Error(ErrorCode::InvalidArgument, "The preprocessor's configuration is wrong: " + what + ".");
}

/// The operators that torch.nn.functional.interpolate chooses, on bytes or floats [1, 3, H, W].
at::Tensor interpolate(const at::Tensor& frame, Preprocessing::Interpolation interpolation, bool antialias,
                       at::IntArrayRef size) {
  switch (interpolation) {
    case Preprocessing::Interpolation::Nearest:  // transformers maps PIL's NEAREST to this one
      return at::_upsample_nearest_exact2d(frame, size);
    case Preprocessing::Interpolation::Bilinear:
      return antialias ? at::_upsample_bilinear2d_aa(frame, size, false) : at::upsample_bilinear2d(frame, size, false);
    case Preprocessing::Interpolation::Bicubic:
      return antialias ? at::_upsample_bicubic2d_aa(frame, size, false) : at::upsample_bicubic2d(frame, size, false);
  }
  throw Error(ErrorCode::Internal, "Unknown interpolation.");
}

/// torchvision resizes bytes bilinearly only where ATen has vector code for it, and goes through floats elsewhere.
bool hasByteResize(Preprocessing::Interpolation interpolation) {
  return interpolation != Preprocessing::Interpolation::Bilinear || at::get_cpu_capability() != "DEFAULT";
}

}  // namespace

void checkPreprocessing(const Preprocessing& preprocessing) {
  const bool resizes = preprocessing.resize != Preprocessing::Resize::None;
  require(!resizes || preprocessing.resizeHeight > 0, "the size to resize to must be at least 1");
  require(preprocessing.resize != Preprocessing::Resize::Exact || preprocessing.resizeWidth > 0,
          "the width to resize to must be at least 1");
  require(preprocessing.cropHeight >= 0 && preprocessing.cropWidth >= 0 &&
              (preprocessing.cropHeight == 0) == (preprocessing.cropWidth == 0),
          "the crop needs a height and a width of at least 1");
  require(static_cast<std::int64_t>(preprocessing.cropHeight) * preprocessing.cropWidth <= kMaxResizedPixels,
          "the crop is larger than any model's input");
  require(std::isfinite(preprocessing.rescaleFactor) && preprocessing.rescaleFactor != 0,
          "the rescale factor must be finite and not 0");
  for (std::size_t c = 0; c < 3; ++c) {
    require(std::isfinite(preprocessing.mean[c]), "the mean must be finite numbers");
    require(std::isfinite(preprocessing.std[c]) && preprocessing.std[c] != 0, "the std must be finite and not 0");
  }
}

Size resizedSize(const Preprocessing& preprocessing, Size frame) {
  if (frame.height < 1 || frame.width < 1) throw Error(ErrorCode::InvalidArgument, "A frame has no pixels.");
  if (preprocessing.resize == Preprocessing::Resize::None) return frame;
  const std::int64_t shortSide = preprocessing.resizeHeight;
  std::int64_t height = shortSide;
  std::int64_t width = preprocessing.resizeWidth;
  if (preprocessing.resize == Preprocessing::Resize::ShortestEdge) {
    // Python's int(size * long / short): a quotient of whole numbers, truncated.
    width = frame.width <= frame.height ? shortSide : shortSide * frame.width / frame.height;
    height = frame.width <= frame.height ? shortSide * frame.height / frame.width : shortSide;
  }
  if (height > kMaxResizedPixels / width) {
    throw Error(ErrorCode::LimitExceeded, "A frame of " + sizeText(frame) + " pixels would be resized to " +
                                              std::to_string(width) + " x " + std::to_string(height) +
                                              ", more than 8192 x 8192 pixels. Crop the video first.");
  }
  return {static_cast<int>(height), static_cast<int>(width)};
}

CropSpan centreCrop(int length, int crop, bool padFrontMore) {
  if (length >= crop) return {(length - crop) / 2, 0, crop};
  const int padding = crop - length;
  return {0, (padFrontMore ? padding + 1 : padding) / 2, length};
}

// The arithmetic is that of the processors, so that the values are theirs to the last bit. The fast ones compute in
// float32 and fold the rescaling into mean and standard deviation, (x - mean / factor) / (std / factor), when they do
// both. ViViT's (`offset`) rescales in float64 and then goes on in float32, step by step.
Levels::Levels(const Preprocessing& preprocessing)
    : offset_(preprocessing.offset), normalize_(preprocessing.normalize), factor_(preprocessing.rescaleFactor) {
  const bool fused = normalize_ && !offset_;
  const auto fold = fused ? static_cast<float>(1.0 / factor_) : 1.0F;
  if (fused) factor_ = 1;
  for (std::size_t c = 0; c < mean_.size(); ++c) {
    mean_[c] = static_cast<float>(preprocessing.mean[c]) * fold;
    std_[c] = static_cast<float>(preprocessing.std[c]) * fold;
  }
}

float Levels::operator()(std::size_t channel, float level) const {
  float value =
      offset_ ? static_cast<float>(static_cast<double>(level) * factor_) - 1.0F : level * static_cast<float>(factor_);
  if (normalize_) value = (value - mean_[channel]) / std_[channel];
  return value;
}

at::Tensor asTensor(const std::uint8_t* rgb, Size size) {
  const std::int64_t height = size.height;
  const std::int64_t width = size.width;
  // ATen has no view of constant bytes; nothing writes to this one.
  return at::from_blob(const_cast<std::uint8_t*>(rgb), {1, 3, height, width}, {height * width * 3, 1, width * 3, 3},
                       at::kByte);
}

at::Tensor resizeBytes(const at::Tensor& frame, const Preprocessing& preprocessing, Size size) {
  if (frame.size(2) == size.height && frame.size(3) == size.width) return frame;
  const bool asBytes = hasByteResize(preprocessing.interpolation);
  at::Tensor resized = interpolate(asBytes ? frame : frame.to(at::kFloat), preprocessing.interpolation,
                                   preprocessing.antialias, {size.height, size.width});
  if (!asBytes) resized = resized.round_().to(at::kByte);
  return resized.contiguous(at::MemoryFormat::ChannelsLast);
}

Error differingSizes() {
  return {ErrorCode::InvalidArgument,
          "The frames of the clip differ in size, and the preprocessor's configuration has no crop that would make "
          "them equal."};
}

PixelBuffer::PixelBuffer(const Preprocessing& preprocessing, int frames) : preprocessing_(preprocessing) {
  checkPreprocessing(preprocessing);
  require(frames > 0, "a clip needs at least 1 frame");
  const Levels levels(preprocessing);
  for (std::size_t c = 0; c < table_.size(); ++c) {
    for (std::size_t byte = 0; byte < table_[c].size(); ++byte) table_[c][byte] = levels(c, static_cast<float>(byte));
  }
  filled_.resize(static_cast<std::size_t>(frames));
}

void PixelBuffer::add(std::span<const int> slots, const std::uint8_t* rgb, Size size) {
  for (const int slot : slots) {
    if (slot < 0 || static_cast<std::size_t>(slot) >= filled_.size()) {
      throw Error(ErrorCode::InvalidArgument, "The clip has no frame " + std::to_string(slot) + ".");
    }
  }
  if (slots.empty()) return;
  const Size resized = resizedSize(preprocessing_, size);
  translatingErrors("prepare a frame", [&] {
    const c10::InferenceMode noGradients;
    const at::Tensor bytes = resizeBytes(asTensor(rgb, size), preprocessing_, resized);

    const Size output = outputSize(resized);
    const auto frames = static_cast<std::int64_t>(filled_.size());
    if (!pixels_.defined()) pixels_ = at::empty({1, frames, 3, output.height, output.width}, at::kFloat);
    if (pixels_.size(3) != output.height || pixels_.size(4) != output.width) {
      throw differingSizes();
    }
    const at::Tensor first = pixels_[0][slots.front()];
    fill(first.data_ptr<float>(), bytes.const_data_ptr<std::uint8_t>(), resized, output);
    for (const int slot : slots.subspan(1)) pixels_[0][slot].copy_(first);
  });
  for (const int slot : slots) filled_[static_cast<std::size_t>(slot)] = true;
}

Size PixelBuffer::outputSize(Size resized) const {
  if (preprocessing_.cropHeight == 0) return resized;
  return {preprocessing_.cropHeight, preprocessing_.cropWidth};
}

/// Crops and converts: rgb [H, W, 3] of `size` to pixels [3, H, W] of `output`.
void PixelBuffer::fill(float* pixels, const std::uint8_t* rgb, Size size, Size output) const {
  const CropSpan rows = centreCrop(size.height, output.height, preprocessing_.padFrontMore);
  const CropSpan columns = centreCrop(size.width, output.width, preprocessing_.padFrontMore);
  const std::size_t plane = static_cast<std::size_t>(output.height) * static_cast<std::size_t>(output.width);
  for (std::size_t c = 0; c < 3; ++c) {
    float* channel = pixels + c * plane;
    const auto& table = table_[c];
    // The processors pad before they rescale: the border is what becomes of a 0.
    if (rows.count < output.height || columns.count < output.width) std::fill(channel, channel + plane, table[0]);
    for (int y = 0; y < rows.count; ++y) {
      const std::size_t line = static_cast<std::size_t>(rows.from + y) * static_cast<std::size_t>(size.width);
      const std::uint8_t* from = rgb + (line + static_cast<std::size_t>(columns.from)) * 3 + c;
      float* to = channel + static_cast<std::size_t>(rows.to + y) * static_cast<std::size_t>(output.width) + columns.to;
      for (std::size_t x = 0; x < static_cast<std::size_t>(columns.count); ++x) to[x] = table[from[3 * x]];
    }
  }
}

at::Tensor PixelBuffer::pixels() const {
  const auto missing = std::find(filled_.begin(), filled_.end(), false);
  if (missing != filled_.end()) {
    throw Error(ErrorCode::Internal,
                "Frame " + std::to_string(missing - filled_.begin()) + " of the clip was never filled in.");
  }
  return pixels_;
}

}  // namespace tubelet::model

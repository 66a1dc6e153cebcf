#include "model/pictures/window_frames.h"

#include <array>
#include <string>
#include <utility>

#include <ATen/ops/cat.h>
#include <c10/core/InferenceMode.h>

#include "engine/error.h"
#include "model/common/torch_errors.h"
#include "model/pictures/preprocess.h"

namespace tubelet::model {

WindowFrames::WindowFrames(const Preprocessing& preprocessing, int frames)
    : preprocessing_(preprocessing), frames_(static_cast<std::size_t>(frames)) {
  const PixelBuffer checked(preprocessing, frames);
}

void WindowFrames::add(std::span<const int> slots, const std::uint8_t* rgb, Size size) {
  constexpr std::array<int, 1> kOnly{0};
  PixelBuffer frame(preprocessing_, 1);
  frame.add(kOnly, rgb, size);
  for (const int slot : slots) {
    std::vector<at::Tensor>& filled = windows_[static_cast<std::size_t>(slot) / frames_];
    filled.resize(frames_);
    filled[static_cast<std::size_t>(slot) % frames_] = frame.pixels();
  }
}

at::Tensor WindowFrames::take(std::size_t window) {
  auto node = windows_.extract(window);
  std::vector<at::Tensor> frames;
  if (node) frames = std::move(node.mapped());
  frames.resize(frames_);
  for (std::size_t i = 0; i < frames_; ++i) {
    if (!frames[i].defined()) {
      throw Error(ErrorCode::Internal,
                  "Frame " + std::to_string(i) + " of window " + std::to_string(window) + " was never filled in.");
    }
    if (frames[i].sizes() != frames[0].sizes()) throw differingSizes();
  }
  return translatingErrors("prepare a window", [&] {
    const c10::InferenceMode noGradients;
    return at::cat(frames, 1);
  });
}

}  // namespace tubelet::model

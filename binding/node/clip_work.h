#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/cancellation.h"
#include "model/model.h"
#include "model/views.h"
#include "node/input.h"
#include "video/common/clip.h"

namespace tubelet::node {

/// What the stages of a call read and write. Each is used by one thread at a time: the stages of a job follow one
/// another, and the environment's thread looks only when they are over. Plain C++: this is where node/ joins video/ and
/// model/.

/// readFrames: the clip as bytes.
struct FramesWork {
  ClipRequest request;
  video::ClipInfo info;
  std::vector<std::uint8_t> rgb;  ///< [T, H, W, 3]
  int width = 0;
  int height = 0;
  double decodeMs = 0;

  /// Throws like readInput, and Error(UNSUPPORTED_VIDEO) when the size changes in mid-clip.
  void read(const CancelToken& token);
};

/// What is to become of a model's tokens.
struct Embedding {
  model::Request request;
  bool normalize = false;  ///< each vector to length 1
};

/// run, prepare and forward: the clip, or the clips of a test protocol, as a model's pixels, and what the model made of
/// them.
struct ClipWork {
  ClipRequest request;
  Embedding wanted;
  video::ClipInfo info;
  at::Tensor pixels;                         ///< float32 [1, T, 3, H, W]
  std::unique_ptr<model::ViewFrames> views;  ///< instead, where the request is for views
  model::Output output;
  double decodeMs = 0;
  double prepareMs = 0;
  double inferMs = 0;  ///< its share, where several went through the model together

  /// Reads and prepares the clip. Throws like readInput and model::PixelBuffer.
  void read(const model::Preprocessing& preprocessing, const CancelToken& token);
  /// Runs the model on the pixels and lets go of them. Throws like model::Model::run.
  void infer(const model::Model& model, int threads, const CancelToken& token);

  /// infer() for several clips in one forward pass; none of them views. Their pixels stay when it throws.
  friend void inferTogether(std::span<ClipWork* const> works, const model::Model& model, int threads,
                            const CancelToken& token);

 private:
  void inferViews(const model::Model& model, const CancelToken& token);
  void finish(model::Output made, double milliseconds);
};

void inferTogether(std::span<ClipWork* const> works, const model::Model& model, int threads, const CancelToken& token);

}  // namespace tubelet::node

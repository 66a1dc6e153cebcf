#pragma once

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "model/common/spec.h"
#include "model/export.h"
#include "node/clip_work.h"
#include "node/input.h"
#include "video/common/clip.h"
#include "video/selection/windows.h"

namespace tubelet::node {

/// JavaScript values as the plain structs that the engine's threads work on. Everything is copied and checked: a value
/// of the wrong type or range throws Error(INVALID_ARGUMENT) that names it. lib/ has checked what users give; these
/// checks keep a mistake in lib/ from becoming a crash.

struct LoadRequest {
  model::ModelSpec spec;  ///< its device as the caller named it, its precision not yet known
  std::optional<model::Precision> precision;
  model::Preprocessing preprocessing;
  int threads = 0;
  std::size_t maxQueue = 0;
};

/// A queue and workers of a model's own.
struct ForkRequest {
  int decode = 1;
  int infer = 1;
  int threads = 1;
  int maxBatch = 1;
  int maxDelayMs = 0;
  std::size_t maxQueue = 0;
};

struct ExportRequest {
  model::ModelSpec spec;
  model::ExportTarget target;
};

/// Pixels of one clip, float32 [T, 3, H, W]; `data` is JavaScript's own memory, to be copied before returning to it.
struct PixelsArgument {
  const float* data = nullptr;
  std::array<std::int64_t, 4> shape{};
};

Input inputArgument(const Napi::Value& value);
video::ReadOptions readArgument(const Napi::Value& value);
ClipRequest clipRequest(const Napi::Value& value);
video::Windows windowsArgument(const Napi::Value& value);
/// What the head sees, when `value` is undefined.
Embedding embeddingArgument(const Napi::Value& value);
model::Preprocessing preprocessingArgument(const Napi::Value& value, const std::string& name);
LoadRequest loadRequest(const Napi::Value& value);
ForkRequest forkRequest(const Napi::Value& value);
ExportRequest exportRequest(const Napi::Value& value);
PixelsArgument pixelsArgument(const Napi::Value& pixels, const Napi::Value& shape);

}  // namespace tubelet::node

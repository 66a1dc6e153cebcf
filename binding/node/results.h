#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "node/clip_work.h"
#include "node/window_series.h"
#include "video/container/probe.h"

namespace tubelet::node {

/// Plain results as the JavaScript objects of lib/native/binding.ts. Pixels and grids of embeddings are handed over
/// without a copy where the host allows it (Electron does not); the work they came from is left empty.

Napi::Object toJs(Napi::Env env, const video::VideoInfo& info);
Napi::Object framesToJs(Napi::Env env, FramesWork& work);
Napi::Object pixelsToJs(Napi::Env env, ClipWork& work);
Napi::Object outputToJs(Napi::Env env, ClipWork& work);
Napi::Object windowToJs(Napi::Env env, WindowWork& window);
Napi::Array textsToJs(Napi::Env env, const std::vector<std::string>& texts);

}  // namespace tubelet::node

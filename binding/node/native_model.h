#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/lane.h"
#include "model/dry_run.h"
#include "model/model.h"

namespace tubelet::node {

class Environment;
struct ClipRequest;
struct ClipWork;

/// A loaded model on its way into JavaScript.
struct LoadedModel {
  std::shared_ptr<const model::Model> model;
  model::Preprocessing preprocessing;
  std::shared_ptr<engine::Lane> lane;
  int threads = 1;
  bool owned = true;                    ///< whether its memory is on this object's account: a fork's is on its origin's
  std::optional<model::Answer> answer;  ///< what a TorchScript file's program returned when it was tried out
};

/// NativeModel of lib/native/binding.ts. Every task of a model refers to it: it is not collected while one is pending.
class NativeModel : public Napi::ObjectWrap<NativeModel> {
 public:
  /// The class, for one environment.
  static Napi::Function define(Napi::Env env);

  /// An object of that class. Its constructor is not for JavaScript: models come from loadModel.
  static Napi::Object create(Environment& environment, LoadedModel loaded);

  explicit NativeModel(const Napi::CallbackInfo& info);

  /// The collector has found it, or its environment ends. Nothing of the environment may be used here.
  void Finalize(Napi::BasicEnv env) override;

 private:
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value runWindows(const Napi::CallbackInfo& info);
  Napi::Value prepare(const Napi::CallbackInfo& info);
  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value fork(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  Napi::Value queue(const Napi::CallbackInfo& info);
  Napi::Value threads(const Napi::CallbackInfo& info);
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value precision(const Napi::CallbackInfo& info);
  Napi::Value weightBytes(const Napi::CallbackInfo& info);
  Napi::Value layers(const Napi::CallbackInfo& info);
  Napi::Value answer(const Napi::CallbackInfo& info);

  /// A clip to read, which must have as many frames as the model takes.
  ClipRequest clip(const Napi::Value& request) const;
  /// Admits a job that reads a clip, runs it, or both.
  Napi::Value start(const Napi::CallbackInfo& info, std::shared_ptr<ClipWork> work, bool ingest, bool infer);

  LoadedModel loaded_;
  int frames_ = 0;
  std::string device_;
  std::string precision_;
  std::int64_t weightBytes_ = 0;
  std::int64_t layers_ = 0;
  std::int64_t reportedBytes_ = 0;  ///< told to the collector, and not yet taken back
};

}  // namespace tubelet::node

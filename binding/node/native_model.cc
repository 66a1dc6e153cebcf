#include "node/native_model.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/empty.h>

#include "engine/cpus.h"
#include "engine/error.h"
#include "model/precision.h"
#include "node/arguments.h"
#include "node/clip_work.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/fields.h"
#include "node/forward.h"
#include "node/results.h"
#include "node/task.h"
#include "node/window_series.h"

namespace tubelet::node {
Napi::Function NativeModel::define(Napi::Env env) {
  return DefineClass(env, "NativeModel",
                     {
                         InstanceMethod<&NativeModel::run>("run"),
                         InstanceMethod<&NativeModel::runWindows>("runWindows"),
                         InstanceMethod<&NativeModel::prepare>("prepare"),
                         InstanceMethod<&NativeModel::forward>("forward"),
                         InstanceMethod<&NativeModel::fork>("fork"),
                         InstanceMethod<&NativeModel::dispose>("dispose"),
                         InstanceAccessor<&NativeModel::queue>("queue"),
                         InstanceAccessor<&NativeModel::threads>("threads"),
                         InstanceAccessor<&NativeModel::device>("device"),
                         InstanceAccessor<&NativeModel::precision>("precision"),
                         InstanceAccessor<&NativeModel::weightBytes>("weightBytes"),
                         InstanceAccessor<&NativeModel::layers>("layers"),
                         InstanceAccessor<&NativeModel::answer>("answer"),
                     });
}

Napi::Object NativeModel::create(Environment& environment, LoadedModel loaded) {
  environment.arriving = std::move(loaded);
  return environment.modelConstructor.New({});
}

NativeModel::NativeModel(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeModel>(info) {
  contained(info.Env(), [&] {
    auto& arriving = Environment::of(info.Env()).arriving;
    if (!arriving) throw Error(ErrorCode::InvalidArgument, "A model is made by load(), not by its constructor.");
    loaded_ = *std::exchange(arriving, std::nullopt);
  });
  frames_ = loaded_.model->spec().frames;
  device_ = loaded_.model->spec().device;
  precision_ = model::nameOf(loaded_.model->spec().precision);
  weightBytes_ = loaded_.model->weightBytes();
  layers_ = loaded_.model->depth();
  // The collector sees a small object and has no reason to hurry: tell it what hangs on it.
  reportedBytes_ = loaded_.owned ? weightBytes_ : 0;
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), reportedBytes_);
}

void NativeModel::Finalize(Napi::BasicEnv env) {
  Napi::MemoryManagement::AdjustExternalMemory(env, -std::exchange(reportedBytes_, 0));
}

Napi::Value NativeModel::run(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto work = std::make_shared<ClipWork>();
    work->request = clip(info[0]);
    work->wanted = embeddingArgument(info[0].As<Napi::Object>().Get("embedding"));
    return start(info, std::move(work), true, true);
  });
}

Napi::Value NativeModel::runWindows(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    WindowSeries::Request request{.clip = clip(info[0]),
                                  .windows = windowsArgument(info[1]),
                                  .wanted = embeddingArgument(info[0].As<Napi::Object>().Get("embedding")),
                                  .preprocessing = loaded_.preprocessing,
                                  .model = loaded_.model,
                                  .threads = loaded_.threads};
    if (!info[2].IsFunction()) refuse("onWindow", "a function");
    const auto series = std::make_shared<WindowSeries>(std::move(request));
    const auto begin = [&series](const Task::Tell& tell) {
      return series->begin([tell](std::shared_ptr<WindowWork> window) {
        tell([window = std::move(window)](Napi::Env env) { return windowToJs(env, *window); });
      });
    };
    const auto result = [series](Napi::Env env) { return textsToJs(env, series->warnings()); };
    return Task::startTelling(Environment::of(info.Env()), loaded_.lane, begin, result,
                              {Value(), info[0].As<Napi::Object>()}, info[2].As<Napi::Function>());
  });
}

Napi::Value NativeModel::prepare(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto work = std::make_shared<ClipWork>();
    work->request = clip(info[0]);
    if (work->request.views) throw Error(ErrorCode::InvalidArgument, "The pixels of views come one view at a time.");
    return start(info, std::move(work), true, false);
  });
}

ClipRequest NativeModel::clip(const Napi::Value& request) const {
  ClipRequest result = clipRequest(request);
  if (result.sampling.frames != frames_) {
    throw Error(ErrorCode::InvalidArgument, "This model takes " + std::to_string(frames_) + " frames, not " +
                                                std::to_string(result.sampling.frames) + ".");
  }
  return result;
}

Napi::Value NativeModel::forward(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    const auto [data, shape] = pixelsArgument(info[0], info[1]);
    auto work = std::make_shared<ClipWork>();
    work->pixels = at::empty({1, shape[0], shape[1], shape[2], shape[3]}, at::kFloat);
    work->wanted = embeddingArgument(info[2]);
    std::memcpy(work->pixels.mutable_data_ptr(), data, work->pixels.nbytes());
    return start(info, std::move(work), false, true);
  });
}

Napi::Value NativeModel::start(const Napi::CallbackInfo& info, std::shared_ptr<ClipWork> work, bool ingest,
                               bool infer) {
  // The stages hold the model itself and not this object, which belongs to JavaScript. After dispose() there is no
  // model, but then the lane refuses the job.
  engine::Lane::Job job;
  if (ingest) {
    job.ingest = [work, preprocessing = loaded_.preprocessing](const CancelToken& token) {
      work->read(preprocessing, token);
    };
  }
  if (infer) {
    const auto forward = std::make_shared<Forward>(work, loaded_.model, loaded_.threads);
    job.infer = [forward](const CancelToken& token) { forward->infer(token); };
    if (!work->request.views) job.batchable = forward;  // views take a pass each as it is
  }
  const auto result = [work, infer](Napi::Env env) -> Napi::Value {
    return infer ? outputToJs(env, *work) : pixelsToJs(env, *work);
  };
  return Task::start(Environment::of(info.Env()), loaded_.lane, std::move(job), result,
                     {Value(), info[0].As<Napi::Object>()});
}

Napi::Value NativeModel::fork(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    const ForkRequest request = forkRequest(info[0]);
    if (!loaded_.model) throw Error(ErrorCode::Disposed, "The model has been disposed of. Load it again to go on.");
    Environment& environment = Environment::of(info.Env());
    const auto decode = static_cast<std::size_t>(request.decode);
    const auto infer = static_cast<std::size_t>(request.infer);
    const auto maxBatch = static_cast<std::size_t>(request.maxBatch);
    engine::Lane::Options options{.maxQueue = request.maxQueue,
                                  .ahead = decode + infer * maxBatch,
                                  .remedy = {},
                                  .ordered = false,
                                  .ingesting = decode,
                                  .inferring = infer,
                                  .maxBatch = maxBatch,
                                  .maxDelay = std::chrono::milliseconds(request.maxDelayMs)};
    return create(environment, {.model = loaded_.model,
                                .preprocessing = loaded_.preprocessing,
                                .lane = environment.makeBatchLane(std::move(options)),
                                .threads = std::min(request.threads, engine::availableCpus()),
                                .owned = false,
                                .answer = loaded_.answer});
  });
}

Napi::Value NativeModel::queue(const Napi::CallbackInfo& info) {
  const engine::Lane::Load load = loaded_.lane->load();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("waiting", static_cast<double>(load.waiting));
  result.Set("ingesting", static_cast<double>(load.ingesting));
  result.Set("ready", static_cast<double>(load.ready));
  result.Set("inferring", static_cast<double>(load.inferring));
  result.Set("ingestMs", load.ingestMs);
  result.Set("inferMs", load.inferMs);
  return result;
}

Napi::Value NativeModel::dispose(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    Environment& environment = Environment::of(info.Env());
    const auto result = [this](Napi::Env env) {
      Napi::MemoryManagement::AdjustExternalMemory(env, -std::exchange(reportedBytes_, 0));
      return env.Undefined();
    };
    auto [promise, report] = Task::pending(environment, result, {Value()});
    // Giving hundreds of megabytes back to the system takes a while: not on the event loop.
    loaded_.lane->dispose([model = std::exchange(loaded_.model, nullptr), report = std::move(report),
                           &pool = environment.runtime().decode()]() mutable {
      pool.submit([model = std::move(model), report = std::move(report)]() mutable {
        model.reset();
        report(nullptr);
      });
    });
    return promise;
  });
}

Napi::Value NativeModel::threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), loaded_.threads);
}

Napi::Value NativeModel::precision(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), precision_);
}

Napi::Value NativeModel::device(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), device_);
}

Napi::Value NativeModel::weightBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(weightBytes_));
}

Napi::Value NativeModel::layers(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(layers_));
}

Napi::Value NativeModel::answer(const Napi::CallbackInfo& info) {
  if (!loaded_.answer) return info.Env().Null();
  Napi::Object answer = Napi::Object::New(info.Env());
  answer.Set("classes", static_cast<double>(loaded_.answer->classes));
  answer.Set("width", static_cast<double>(loaded_.answer->width));
  return answer;
}

}  // namespace tubelet::node

#include "node/native_model.h"

#include <cstring>
#include <string>
#include <utility>

#include <ATen/ops/empty.h>

#include "engine/error.h"
#include "model/precision.h"
#include "node/arguments.h"
#include "node/clip_work.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/results.h"
#include "node/task.h"

namespace tubelet::node {

Napi::Function NativeModel::define(Napi::Env env) {
  return DefineClass(env, "NativeModel",
                     {
                         InstanceMethod<&NativeModel::run>("run"),
                         InstanceMethod<&NativeModel::prepare>("prepare"),
                         InstanceMethod<&NativeModel::forward>("forward"),
                         InstanceMethod<&NativeModel::dispose>("dispose"),
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
  reportedBytes_ = weightBytes_;
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), reportedBytes_);
}

void NativeModel::Finalize(Napi::BasicEnv env) {
  Napi::MemoryManagement::AdjustExternalMemory(env, -std::exchange(reportedBytes_, 0));
}

Napi::Value NativeModel::run(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto work = clipWork(info[0]);
    work->wanted = embeddingArgument(info[0].As<Napi::Object>().Get("embedding"));
    return start(info, std::move(work), true, true);
  });
}

Napi::Value NativeModel::prepare(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto work = clipWork(info[0]);
    if (work->request.views) throw Error(ErrorCode::InvalidArgument, "The pixels of views come one view at a time.");
    return start(info, std::move(work), true, false);
  });
}

std::shared_ptr<ClipWork> NativeModel::clipWork(const Napi::Value& request) const {
  auto work = std::make_shared<ClipWork>();
  work->request = clipRequest(request);
  if (work->request.sampling.frames != frames_) {
    throw Error(ErrorCode::InvalidArgument, "This model takes " + std::to_string(frames_) + " frames, not " +
                                                std::to_string(work->request.sampling.frames) + ".");
  }
  return work;
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
    job.infer = [work, model = loaded_.model, threads = loaded_.threads](const CancelToken& token) {
      work->infer(*model, threads, token);
    };
  }
  const auto result = [work, infer](Napi::Env env) -> Napi::Value {
    return infer ? outputToJs(env, *work) : pixelsToJs(env, *work);
  };
  return Task::start(Environment::of(info.Env()), loaded_.lane, std::move(job), result, Value());
}

Napi::Value NativeModel::dispose(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    Environment& environment = Environment::of(info.Env());
    const auto result = [this](Napi::Env env) {
      Napi::MemoryManagement::AdjustExternalMemory(env, -std::exchange(reportedBytes_, 0));
      return env.Undefined();
    };
    auto [promise, report] = Task::pending(environment, result, Value());
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

// The addon's exports: NativeBinding of lib/native/binding.ts, neither more nor less.

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/cpus.h"
#include "model/common/torch_errors.h"
#include "model/device.h"
#include "model/dry_run.h"
#include "model/export.h"
#include "model/precision.h"
#include "model/registry.h"
#include "model/threading.h"
#include "model/torchscript.h"
#include "node/arguments.h"
#include "node/clip_work.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/fields.h"
#include "node/native_model.h"
#include "node/results.h"
#include "node/task.h"
#include "node/versions.h"
#include "video/container/probe.h"

namespace tubelet::node {
namespace {

Napi::Value probe(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto found = std::make_shared<video::VideoInfo>();
    engine::Lane::Job job;
    job.ingest = [found, input = inputArgument(info[0]), options = readArgument(info[1])](const CancelToken& token) {
      const auto source = openSource(input, options.limits);
      *found = video::probe(*source, options, token);
    };
    Environment& environment = Environment::of(info.Env());
    return Task::start(environment, environment.files(), std::move(job),
                       [found](Napi::Env env) { return toJs(env, *found); }, {info[0].As<Napi::Object>()});
  });
}

Napi::Value readFrames(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto work = std::make_shared<FramesWork>();
    work->request = clipRequest(info[0]);
    engine::Lane::Job job;
    job.ingest = [work](const CancelToken& token) { work->read(token); };
    Environment& environment = Environment::of(info.Env());
    return Task::start(environment, environment.files(), std::move(job),
                       [work](Napi::Env env) { return framesToJs(env, *work); }, {info[0].As<Napi::Object>()});
  });
}

/// The threads of a forward pass meet after every operator and wait for the slowest of them. On a machine with other
/// work a small model is then many times slower with two threads than with one, so each thread must have some weights
/// to work on.
constexpr std::int64_t kWeightBytesPerThread = 16LL << 20;

/// `wanted` is what a forward pass may use at most; 0 leaves it to us. More than the process has CPUs would only make
/// it slower, so that it gets no more; NativeModel.threads says how many it is.
int threadsFor(int wanted, const model::Model& model) {
  const int available = engine::availableCpus();
  if (wanted > 0) return std::min(wanted, available);
  if (model.spec().device != "cpu") return 1;
  const std::int64_t worthwhile = model.weightBytes() / kWeightBytesPerThread;
  return static_cast<int>(std::clamp<std::int64_t>(worthwhile, 1, available));
}

Napi::Value loadModel(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    struct LoadWork {
      LoadRequest request;
      std::shared_ptr<const model::Model> model;
      std::optional<model::Answer> answer;
    };
    auto work = std::make_shared<LoadWork>(LoadWork{loadRequest(info[0]), nullptr, std::nullopt});
    engine::Lane::Job job;
    job.ingest = [work](const CancelToken& token) {
      auto& [spec, precision, preprocessing, threads, maxQueue] = work->request;
      spec.device = model::resolveDevice(spec.device);
      spec.precision = model::resolvePrecision(precision, spec.device);
      const auto loaded = model::Registry::shared().acquire(spec, token);
      model::requireFittingPixels(*loaded, preprocessing);
      work->model = loaded;
    };
    if (work->request.spec.format == model::ModelSpec::Format::TorchScript) {
      job.infer = [work](const CancelToken& token) {
        model::setThreads(threadsFor(work->request.threads, *work->model));
        work->answer = model::dryRun(*work->model, token);
      };
    }
    Environment& environment = Environment::of(info.Env());
    const auto result = [work, &environment](Napi::Env) {
      const auto& [spec, precision, preprocessing, threads, maxQueue] = work->request;
      const int used = threadsFor(threads, *work->model);
      return NativeModel::create(environment, {.model = std::move(work->model),
                                               .preprocessing = preprocessing,
                                               .lane = environment.makeModelLane(maxQueue),
                                               .threads = used,
                                               .answer = work->answer});
    };
    return Task::start(environment, environment.loads(), std::move(job), result, {});
  });
}

Napi::Value programMetadata(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto found = std::make_shared<std::optional<std::string>>();
    engine::Lane::Job job;
    job.ingest = [found, path = path(info[0], "path")](const CancelToken&) {
      *found = model::translatingErrors("read the file", [&] { return model::TorchScriptFile(path).metadata(); });
    };
    Environment& environment = Environment::of(info.Env());
    const auto result = [found](Napi::Env env) -> Napi::Value {
      return *found ? Napi::String::New(env, **found) : env.Null();
    };
    return Task::start(environment, environment.loads(), std::move(job), result, {});
  });
}

Napi::Value exportModel(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    auto bytes = std::make_shared<std::uint64_t>(0);
    engine::Lane::Job job;
    job.ingest = [bytes, request = exportRequest(info[0])](const CancelToken& token) {
      *bytes = model::exportCheckpoint(request.spec, request.target, token);
    };
    Environment& environment = Environment::of(info.Env());
    const auto result = [bytes](Napi::Env env) { return Napi::Number::New(env, static_cast<double>(*bytes)); };
    return Task::start(environment, environment.loads(), std::move(job), result, {});
  });
}

Napi::Value availableCpus(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] { return Napi::Number::New(info.Env(), engine::availableCpus()); });
}

Napi::Value versionsToJs(const Napi::CallbackInfo& info) {
  return contained(info.Env(), [&] {
    const Versions found = versions();
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("torch", found.torch);
    result.Set("libavformat", found.libavformat);
    result.Set("libavcodec", found.libavcodec);
    result.Set("cpu", found.cpu);
    return result;
  });
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  return contained(env, [&] {
    Environment::install(env);
    exports.Set("probe", Napi::Function::New<probe>(env, "probe"));
    exports.Set("readFrames", Napi::Function::New<readFrames>(env, "readFrames"));
    exports.Set("loadModel", Napi::Function::New<loadModel>(env, "loadModel"));
    exports.Set("programMetadata", Napi::Function::New<programMetadata>(env, "programMetadata"));
    exports.Set("exportModel", Napi::Function::New<exportModel>(env, "exportModel"));
    exports.Set("availableCpus", Napi::Function::New<availableCpus>(env, "availableCpus"));
    exports.Set("versions", Napi::Function::New<versionsToJs>(env, "versions"));
    return exports;
  });
}

}  // namespace
}  // namespace tubelet::node

static Napi::Object initializeAddon(Napi::Env env, Napi::Object exports) {
  return tubelet::node::initialize(env, exports);
}

NODE_API_MODULE(tubelet, initializeAddon)

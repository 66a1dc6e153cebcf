#include "node/environment.h"

#include <algorithm>
#include <utility>

#include "model/threading.h"
#include "node/native_model.h"
#include "node/task.h"

namespace tubelet::node {
namespace {

/// Calls of probe and readFrames that may wait. A path and a few numbers each, or bytes that the caller had room for
/// twice: the limit only has to be finite.
constexpr std::size_t kMaxFileQueue = 16'384;
constexpr std::size_t kMaxLoadQueue = 1'024;

}  // namespace

void Environment::install(Napi::Env env) {
  env.SetInstanceData(std::make_unique<Environment>(env).release());
  Environment& environment = of(env);
  environment.modelConstructor = Napi::Persistent(NativeModel::define(env));
  environment.listenForExit();
  // Hooks run last in, first out: this one before those that Node registered for the environment's data and mailbox.
  env.AddCleanupHook([](Environment* ending) { ending->end(); }, &environment);
}

Environment& Environment::of(Napi::Env env) {
  return *env.GetInstanceData<Environment>();
}

Environment::Environment(Napi::Env env)
    : env_(env),
      mailbox_(std::make_shared<Mailbox>(env, *this)),
      runtime_(engine::Runtime::acquire(&model::prepareThread)) {}

Environment::~Environment() = default;

const std::shared_ptr<engine::Lane>& Environment::files() {
  if (!files_) {
    files_ = makeLane({.maxQueue = kMaxFileQueue,
                       .ahead = static_cast<std::size_t>(engine::Runtime::usualDecodeThreads()),
                       .remedy = {}});
  }
  return files_;
}

const std::shared_ptr<engine::Lane>& Environment::loads() {
  if (!loads_) loads_ = makeLane({.maxQueue = kMaxLoadQueue, .ahead = 1, .remedy = {}});
  return loads_;
}

std::shared_ptr<engine::Lane> Environment::makeModelLane(std::size_t maxQueue) {
  return makeLane({.maxQueue = maxQueue,
                   .ahead = static_cast<std::size_t>(engine::Runtime::usualDecodeThreads()),
                   .remedy = ", or load the model with a larger maxQueue"});
}

std::shared_ptr<engine::Lane> Environment::makeLane(engine::Lane::Options options) {
  return known(engine::Lane::create(runtime_->decode(), runtime_->compute(), std::move(options)));
}

std::shared_ptr<engine::Lane> Environment::makeBatchLane(engine::Lane::Options options) {
  engine::ThreadPool& decode = runtime_->decode(static_cast<int>(options.ingesting));
  engine::ThreadPool& batch = runtime_->batch(static_cast<int>(options.inferring));
  return known(engine::Lane::create(decode, batch, std::move(options)));
}

/// Remembers a lane, to stop it when the environment ends.
std::shared_ptr<engine::Lane> Environment::known(std::shared_ptr<engine::Lane> lane) {
  std::erase_if(lanes_, [](const auto& other) { return other.expired(); });
  lanes_.push_back(lane);
  return lane;
}

std::uint64_t Environment::add(std::shared_ptr<Task> task) {
  tasks_.emplace(++lastTask_, std::move(task));
  return lastTask_;
}

void Environment::tell(std::uint64_t id, const std::function<Napi::Value(Napi::Env)>& part) {
  const auto found = tasks_.find(id);
  if (found != tasks_.end()) found->second->hear(part);
}

void Environment::finish(std::uint64_t id, const std::exception_ptr& outcome) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return;
  const std::shared_ptr<Task> task = std::move(found->second);
  tasks_.erase(found);
  task->finish(outcome);
}

void Environment::promiseMade() {
  if (pendingPromises_++ == 0) mailbox_->keepAlive(env_, true);
}

void Environment::promiseSettled() {
  if (--pendingPromises_ == 0) mailbox_->keepAlive(env_, false);
}

/// Before every other listener: one of those may call process.exit() in turn, and the rest are then skipped.
void Environment::listenForExit() {
  const auto process = env_.Global().Get("process").As<Napi::Object>();
  const auto listener = Napi::Function::New(env_, [](const Napi::CallbackInfo& info) { of(info.Env()).stopWork(); });
  process.Get("prependOnceListener").As<Napi::Function>().Call(process, {Napi::String::New(env_, "exit"), listener});
}

/// Cancels everything, and waits until no thread is inside this environment's work: for one block of a model at most.
void Environment::stopWork() {
  std::vector<std::shared_ptr<engine::Lane>> lanes;
  for (const auto& known : lanes_) {
    if (auto lane = known.lock()) lanes.push_back(std::move(lane));
  }
  for (const auto& lane : lanes) lane->cancelAll();
  for (const auto& lane : lanes) lane->waitIdle();
}

void Environment::end() {
  stopWork();
  mailbox_->close();
  files_.reset();
  loads_.reset();
  runtime_.reset();  // the last environment joins the threads here
}

}  // namespace tubelet::node

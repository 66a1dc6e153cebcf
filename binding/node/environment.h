#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/lane.h"
#include "engine/runtime.h"
#include "node/mailbox.h"
#include "node/native_model.h"

namespace tubelet::node {

class Task;

/// Everything the addon keeps for one environment (the main thread's, or a worker's). Used on that environment's thread
/// only. There is no other state that refers to JavaScript: environments come and go while the library stays.
///
/// When the environment ends, its work must end first: a thread left inside a matrix product while the process exits
/// brings it down. Node offers two moments, and both are needed:
/// - the cleanup hook, when a worker stops in whatever way and when the main thread runs out of work;
/// - process's 'exit' event, when the main thread calls process.exit() or does not catch an exception; cleanup hooks
///   are not run then (src/api/environment.cc, DefaultProcessExitHandlerInternal).
class Environment {
 public:
  /// Makes the environment's data. Called once in each environment, when it loads the addon.
  static void install(Napi::Env env);
  static Environment& of(Napi::Env env);

  explicit Environment(Napi::Env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Napi::Env env() const { return env_; }

  engine::Runtime& runtime() { return *runtime_; }

  /// The queue of calls without a model: probe, readFrames.
  const std::shared_ptr<engine::Lane>& files();
  /// The queue of models to load, one at a time: two at once would compete for the disk and for memory.
  const std::shared_ptr<engine::Lane>& loads();
  /// A queue for one model.
  std::shared_ptr<engine::Lane> makeModelLane(std::size_t maxQueue);
  /// A queue for a batch of one model, with threads for all that `options` allows at once.
  std::shared_ptr<engine::Lane> makeBatchLane(engine::Lane::Options options);

  /// Messages to this environment. It may outlive the environment; posts are then dropped.
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  /// Keeps a task, and with it the process, until finish().
  std::uint64_t add(std::shared_ptr<Task> task);
  /// A task has finished a part of its work.
  void tell(std::uint64_t id, const std::function<Napi::Value(Napi::Env)>& part);
  /// The work of a task is over; nothing of it runs any more.
  void finish(std::uint64_t id, const std::exception_ptr& outcome);

  /// A promise has been made, or settled. The process stays alive while one is pending.
  void promiseMade();
  void promiseSettled();

  Napi::FunctionReference modelConstructor;
  /// What the constructor being called takes: C++ can set it, JavaScript cannot.
  std::optional<LoadedModel> arriving;

 private:
  std::shared_ptr<engine::Lane> makeLane(engine::Lane::Options options);
  std::shared_ptr<engine::Lane> known(std::shared_ptr<engine::Lane> lane);
  void listenForExit();
  void stopWork();
  void end();

  Napi::Env env_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<engine::Runtime> runtime_;
  std::shared_ptr<engine::Lane> files_;
  std::shared_ptr<engine::Lane> loads_;
  std::vector<std::weak_ptr<engine::Lane>> lanes_;
  std::map<std::uint64_t, std::shared_ptr<Task>> tasks_;
  std::uint64_t lastTask_ = 0;
  std::size_t pendingPromises_ = 0;
};

}  // namespace tubelet::node

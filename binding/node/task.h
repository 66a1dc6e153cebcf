#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "engine/lane.h"

namespace tubelet::node {

class Environment;

/// One promise and the native work that will settle it. Lives on the environment's thread: the engine's threads know it
/// by a number only, so that none of them ever holds a reference to JavaScript.
class Task {
 public:
  /// Makes the result, on the environment's thread, when the work has succeeded.
  using Result = std::function<Napi::Value(Napi::Env)>;
  using Owners = std::initializer_list<Napi::Object>;

  /// Admits `job` (its `settle` is filled in here) and returns the NativeTask, `{ promise, cancel() }`, of
  /// lib/native/binding.ts. When the lane refuses the job, the promise is rejected. `owners` are the
  /// JavaScript objects that must outlive the work: those whose memory it reads, above all.
  static Napi::Object start(Environment& environment, std::shared_ptr<engine::Lane> lane, engine::Lane::Job job,
                            Result result, Owners owners);

  /// Hands over, from any thread, something that was finished before the work is over.
  using Tell = std::function<void(Result)>;
  /// The same for a job, made by `begin`, that finishes things one by one: `listener` is called with each, in the order
  /// in which they were told, and never after the promise has settled. When it throws, the promise is rejected.
  static Napi::Object startTelling(Environment& environment, std::shared_ptr<engine::Lane> lane,
                                   const std::function<engine::Lane::Job(const Tell&)>& begin, Result result,
                                   Owners owners, Napi::Function listener);

  /// Says, from any thread, that the work of a promise is over.
  using Report = std::function<void(const std::exception_ptr&)>;

  /// A promise without a job of its own, and what settles it.
  struct Pending {
    Napi::Promise promise;
    Report report;
  };
  static Pending pending(Environment& environment, Result result, Owners owners);

  Task(Environment& environment, Result result, Owners owners);

  /// Rejects the promise at once, with CANCELLED; the work stops at its next check. Legal in every state.
  void cancel();

  /// Calls the listener.
  void hear(const Result& part);

  /// The work is over: settles the promise unless cancel() has.
  void finish(const std::exception_ptr& outcome);

 private:
  void reject(const std::exception_ptr& reason);
  template <typename Action>
  void settle(Action action);

  Environment& environment_;
  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  std::vector<Napi::ObjectReference> owners_;
  Result result_;
  Napi::FunctionReference listener_;
  std::shared_ptr<engine::Lane> lane_;
  engine::Lane::Ticket ticket_;
  bool settled_ = false;
};

}  // namespace tubelet::node

#pragma once

#include <napi.h>

#include <functional>
#include <mutex>

namespace tubelet::node {

class Environment;

/// How the engine's threads reach the event loop of one environment. Whatever a thread posts is run there later, in the
/// order it was posted; once the mailbox is closed, posts are dropped. Node runs at most a thousand in a turn of the
/// loop, so that many at once do not hold it up.
class Mailbox {
 public:
  /// Run on the event loop, with a handle scope and a callback scope. Must not throw.
  using Message = std::function<void(Environment&)>;

  /// On the event loop. The mailbox starts without keeping the process alive.
  Mailbox(Napi::Env env, Environment& environment);

  /// Thread-safe.
  void post(Message message);

  /// On the event loop: whether the process stays alive to receive messages.
  void keepAlive(Napi::Env env, bool keep);

  /// On the event loop. Idempotent.
  void close();

 private:
  static void deliver(Napi::Env env, Napi::Function, Environment* environment, Message* message);
  using Queue = Napi::TypedThreadSafeFunction<Environment, Message, &Mailbox::deliver>;

  std::mutex mutex_;
  Queue queue_;
  bool closed_ = false;
};

}  // namespace tubelet::node

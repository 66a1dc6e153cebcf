#include "node/mailbox.h"

#include <memory>
#include <utility>

namespace tubelet::node {

Mailbox::Mailbox(Napi::Env env, Environment& environment) : queue_(Queue::New(env, "tubelet", 0, 1, &environment)) {
  queue_.Unref(env);
}

void Mailbox::post(Message message) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  auto sent = std::make_unique<Message>(std::move(message));
  if (queue_.NonBlockingCall(sent.get()) == napi_ok) static_cast<void>(sent.release());
}

void Mailbox::keepAlive(Napi::Env env, bool keep) {
  if (keep) {
    queue_.Ref(env);
  } else {
    queue_.Unref(env);
  }
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closed_, true)) return;
  queue_.Abort();
}

void Mailbox::deliver(Napi::Env env, Napi::Function, Environment* environment, Message* message) {
  const std::unique_ptr<Message> received(message);
  if (env == nullptr) return;  // Node empties its queue while it tears the environment down
  (*received)(*environment);
}

}  // namespace tubelet::node

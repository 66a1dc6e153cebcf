#include "node/mailbox.h"

#include <utility>

namespace tubelet::node {

Mailbox::Mailbox(Napi::Env env, Environment& environment) : signal_(Signal::New(env, "tubelet", 0, 1, &environment)) {
  signal_.Unref(env);
}

void Mailbox::post(Message message) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  messages_.push_back(std::move(message));
  if (!std::exchange(signalled_, true)) signal_.NonBlockingCall(this);
}

void Mailbox::keepAlive(Napi::Env env, bool keep) {
  if (keep) {
    signal_.Ref(env);
  } else {
    signal_.Unref(env);
  }
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closed_, true)) return;
  messages_.clear();
  signal_.Abort();
}

void Mailbox::deliver(Napi::Env env, Napi::Function, Environment* environment, Mailbox* mailbox) {
  if (env == nullptr) return;  // Node empties its queue while it tears the environment down
  std::vector<Message> messages;
  {
    const std::lock_guard lock(mailbox->mutex_);
    mailbox->signalled_ = false;
    messages.swap(mailbox->messages_);
  }
  for (const Message& message : messages) message(*environment);
}

}  // namespace tubelet::node

#include "node/task.h"

#include <utility>

#include "engine/cancellation.h"
#include "node/environment.h"
#include "node/errors.h"

namespace tubelet::node {
namespace {

Task::Report reportTo(const Environment& environment, std::uint64_t id) {
  return [mailbox = environment.mailbox(), id](const std::exception_ptr& outcome) {
    mailbox->post([id, outcome](Environment& receiver) { receiver.finish(id, outcome); });
  };
}

Task::Tell tellTo(const Environment& environment, std::uint64_t id) {
  return [mailbox = environment.mailbox(), id](Task::Result part) {
    mailbox->post([id, part = std::move(part)](Environment& receiver) { receiver.tell(id, part); });
  };
}

}  // namespace

Task::Task(Environment& environment, Result result, Owners owners)
    : environment_(environment),
      env_(environment.env()),
      deferred_(Napi::Promise::Deferred::New(env_)),
      result_(std::move(result)) {
  for (const Napi::Object& owner : owners) owners_.push_back(Napi::Persistent(owner));
  environment_.promiseMade();
}

Napi::Object Task::start(Environment& environment, std::shared_ptr<engine::Lane> lane, engine::Lane::Job job,
                         Result result, Owners owners) {
  const auto begin = [&job](const Tell&) { return std::move(job); };
  return startTelling(environment, std::move(lane), begin, std::move(result), owners, {});
}

Napi::Object Task::startTelling(Environment& environment, std::shared_ptr<engine::Lane> lane,
                                const std::function<engine::Lane::Job(const Tell&)>& begin, Result result,
                                Owners owners, Napi::Function listener) {
  const Napi::Env env = environment.env();
  auto task = std::make_shared<Task>(environment, std::move(result), owners);
  if (!listener.IsEmpty()) task->listener_ = Napi::Persistent(listener);
  const std::uint64_t id = environment.add(task);
  try {
    engine::Lane::Job job = begin(tellTo(environment, id));
    job.settle = reportTo(environment, id);
    task->ticket_ = lane->admit(std::move(job));
    task->lane_ = std::move(lane);
  } catch (...) {
    environment.finish(id, std::current_exception());
  }

  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", task->deferred_.Promise());
  handle.Set("cancel", Napi::Function::New(env, [weak = std::weak_ptr(task)](const Napi::CallbackInfo&) {
               if (const auto alive = weak.lock()) alive->cancel();
             }));
  return handle;
}

Task::Pending Task::pending(Environment& environment, Result result, Owners owners) {
  const auto task = std::make_shared<Task>(environment, std::move(result), owners);
  return {task->deferred_.Promise(), reportTo(environment, environment.add(task))};
}

void Task::cancel() {
  if (settled_) return;
  reject(std::make_exception_ptr(Cancelled()));
  lane_->cancel(ticket_);
}

void Task::hear(const Result& part) {
  if (settled_) return;
  try {
    listener_.Call({part(env_)});
  } catch (...) {
    reject(std::current_exception());
    lane_->cancel(ticket_);
  }
}

void Task::finish(const std::exception_ptr& outcome) {
  if (settled_) return;
  if (outcome) {
    reject(outcome);
    return;
  }
  try {
    const Napi::Value value = result_(env_);
    settle([&] { deferred_.Resolve(value); });
  } catch (...) {
    reject(std::current_exception());
  }
}

void Task::reject(const std::exception_ptr& reason) {
  settle([&] { deferred_.Reject(toJsError(env_, reason).Value()); });
}

template <typename Action>
void Task::settle(Action action) {
  settled_ = true;
  environment_.promiseSettled();
  try {
    action();
  } catch (const Napi::Error&) {
    // A worker that is being terminated refuses to run JavaScript: nobody is left to be told.
  }
}

}  // namespace tubelet::node

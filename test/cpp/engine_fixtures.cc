#include "engine_fixtures.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "engine/error.h"

namespace tubelet::engine::test {

void Journal::write(const std::string& event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
  }
  changed_.notify_all();
}

std::vector<std::string> Journal::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::ptrdiff_t Journal::count(const std::string& event) const {
  return std::ranges::count(events(), event);
}

void Journal::await(const std::string& event) const {
  std::unique_lock lock(mutex_);
  const bool seen = changed_.wait_for(lock, std::chrono::seconds(10),
                                      [&] { return std::ranges::find(events_, event) != events_.end(); });
  REQUIRE_MESSAGE(seen, "never happened: ", event);
}

std::string Journal::only(const std::string& prefix) const {
  std::string text;
  for (const std::string& event : events()) {
    if (event.starts_with(prefix)) text += (text.empty() ? "" : " ") + event.substr(prefix.size());
  }
  return text;
}

void Gate::pass(const CancelToken& token) const {
  while (!opened_) {
    token.check();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Gate::passUncancelled() const {
  while (!opened_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

Bench::Bench(Lane::Options options, int decodeThreads, int computeThreads)
    : decode({.name = "decode", .threads = decodeThreads, .onStart = {}}),
      compute({.name = "compute", .threads = computeThreads, .onStart = {}}),
      lane(Lane::create(decode, compute, std::move(options))) {}

Bench::~Bench() {
  lane->cancelAll();
  lane->waitIdle();
}

Lane::Job Bench::job(const std::string& name, Stage ingest, Stage infer) {
  Lane::Job made;
  made.ingest = [this, name, ingest = std::move(ingest)](const CancelToken& token) {
    journal.write("ingest " + name);
    if (ingest) ingest(token);
    journal.write("ingested " + name);
  };
  made.infer = [this, name, infer = std::move(infer)](const CancelToken& token) {
    journal.write("infer " + name);
    if (infer) infer(token);
    journal.write("inferred " + name);
  };
  made.settle = [this, name](const std::exception_ptr& outcome) {
    journal.write("settle " + name + " " + describe(outcome));
  };
  return made;
}

Bench::Stage Bench::at(const Gate& gate) {
  return [&gate](const CancelToken& token) { gate.pass(token); };
}

std::string describe(const std::exception_ptr& outcome) {
  if (!outcome) return "ok";
  try {
    std::rethrow_exception(outcome);
  } catch (const Cancelled&) {
    return "cancelled";
  } catch (const Error& error) {
    return codeName(error.code());
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string codeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (...) {
    return describe(std::current_exception());
  }
  return "ok";
}

}  // namespace tubelet::engine::test

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/cancellation.h"
#include "engine/lane.h"
#include "engine/thread_pool.h"

namespace tubelet::engine::test {

/// What happened, in order, and a way to wait for it.
class Journal {
 public:
  void write(const std::string& event);

  std::vector<std::string> events() const;
  std::ptrdiff_t count(const std::string& event) const;
  bool has(const std::string& event) const { return count(event) > 0; }

  /// Fails the test when it has not happened after ten seconds.
  void await(const std::string& event) const;

  /// The events that begin with `prefix`, in order.
  std::string only(const std::string& prefix) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> events_;
};

/// A door that stages wait at until the test opens it. It gives up on a cancelled token, as real stages do.
class Gate {
 public:
  void open() { opened_ = true; }
  void pass(const CancelToken& token) const;
  /// A stage that cannot be interrupted, such as one block of a program.
  void passUncancelled() const;

 private:
  std::atomic<bool> opened_{false};
};

/// Two pools and a lane, torn down as an environment does it.
struct Bench {
  explicit Bench(Lane::Options options = {.maxQueue = 64, .ahead = 2, .remedy = {}}, int decodeThreads = 2,
                 int computeThreads = 1);
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  using Stage = std::function<void(const CancelToken&)>;

  /// A job that writes "ingest NAME", "infer NAME" and "settle NAME OUTCOME".
  Lane::Job job(const std::string& name, Stage ingest = {}, Stage infer = {});

  /// A stage that waits at the gate.
  Stage at(const Gate& gate);

  Journal journal;
  ThreadPool decode;
  ThreadPool compute;
  std::shared_ptr<Lane> lane;
};

/// How a job or a call ended: "ok", "cancelled", the code of an error or the words of another exception.
std::string describe(const std::exception_ptr& outcome);
std::string codeOf(const std::function<void()>& call);

}  // namespace tubelet::engine::test

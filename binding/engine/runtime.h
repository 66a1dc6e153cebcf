#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/thread_pool.h"

namespace tubelet::engine {

/// The threads of this process: one set, however many worker threads have loaded the addon, and never libuv's. Each
/// environment holds a reference; the threads start when they are first needed, and dropping the last reference joins
/// them. It must not be dropped on one of these threads.
class Runtime {
 public:
  using ThreadStart = std::function<void()>;

  /// The process's runtime; made with `onThreadStart`, which every thread runs first, when there is none.
  static std::shared_ptr<Runtime> acquire(const ThreadStart& onThreadStart);

  explicit Runtime(ThreadStart onThreadStart) : onThreadStart_(std::move(onThreadStart)) {}

  /// Threads that decode() begins with: as many as there are CPUs to use, at least 2 (so that loading a model does not
  /// stop all decoding) and at most 4 (decoding is a small part of a call).
  static int usualDecodeThreads();

  /// Decodes and prepares clips, loads checkpoints; with at least this many threads from now on. Thread-safe.
  ThreadPool& decode(int threads = 0);

  /// Runs forward passes, with one thread that uses several CPUs: one forward is in progress at a time, in all models
  /// together, so that no two of them compete for the same CPUs. Thread-safe.
  ThreadPool& compute();

  /// Runs the forward passes of batches, several at a time; with at least this many threads from now on. Thread-safe.
  ThreadPool& batch(int threads);

 private:
  ThreadPool& grown(std::optional<ThreadPool>& pool, const char* name, int threads);

  ThreadStart onThreadStart_;
  std::mutex mutex_;
  std::optional<ThreadPool> decode_;
  std::optional<ThreadPool> compute_;
  std::optional<ThreadPool> batch_;
};

}  // namespace tubelet::engine

#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tubelet::engine {

/// Threads that run tasks in the order they were submitted. They run at a lower priority than the
/// threads that made them, so that an event loop gets its turn on a machine whose every CPU is busy; threads that they
/// start in turn (an OpenMP team) inherit the priority.
///
/// The queue has no limit of its own: only lanes submit, and a lane has a handful of tasks outstanding at a time.
class ThreadPool {
 public:
  struct Options {
    std::string name;               ///< shown by debuggers and `top -H`; the kernel keeps 15 characters
    int threads = 1;                ///< to begin with; at least 1
    std::function<void()> onStart;  ///< run first in every thread, to set what is per thread; must not throw
  };

  /// Starts the threads. Throws Error(OUT_OF_MEMORY) when the system refuses them.
  explicit ThreadPool(Options options);

  /// Runs what is queued, then joins. Must not be called from one of the pool's own threads.
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Thread-safe. `task` must not throw.
  void submit(std::function<void()> task);

  /// Has at least this many threads from now on. Thread-safe. Throws like the constructor; those that were started
  /// stay.
  void grow(int threads);

  int threads();

 private:
  void work();
  void join();

  const Options options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tubelet::engine

#include "engine/runtime.h"

#include <algorithm>

#include "engine/cpus.h"

namespace tubelet::engine {

std::shared_ptr<Runtime> Runtime::acquire(const ThreadStart& onThreadStart) {
  static std::mutex mutex;
  static std::weak_ptr<Runtime> current;

  const std::lock_guard lock(mutex);
  auto runtime = current.lock();
  if (!runtime) {
    runtime = std::make_shared<Runtime>(onThreadStart);
    current = runtime;
  }
  return runtime;
}

int Runtime::usualDecodeThreads() {
  return std::clamp(availableCpus(), 2, 4);
}

ThreadPool& Runtime::decode(int threads) {
  return grown(decode_, "tubelet-decode", std::max(threads, usualDecodeThreads()));
}

ThreadPool& Runtime::compute() {
  return grown(compute_, "tubelet-compute", 1);
}

ThreadPool& Runtime::batch(int threads) {
  return grown(batch_, "tubelet-batch", threads);
}

/// The pool, started when it is first needed.
ThreadPool& Runtime::grown(std::optional<ThreadPool>& pool, const char* name, int threads) {
  const std::lock_guard lock(mutex_);
  if (pool) {
    pool->grow(threads);
  } else {
    pool.emplace(ThreadPool::Options{.name = name, .threads = threads, .onStart = onThreadStart_});
  }
  return *pool;
}

}  // namespace tubelet::engine

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

ThreadPool& Runtime::decode() {
  const std::lock_guard lock(mutex_);
  if (!decode_) {
    decode_.emplace(ThreadPool::Options{
        .name = "tubelet-decode", .threads = std::clamp(availableCpus(), 2, 4), .onStart = onThreadStart_});
  }
  return *decode_;
}

ThreadPool& Runtime::compute() {
  const std::lock_guard lock(mutex_);
  if (!compute_) {
    compute_.emplace(ThreadPool::Options{.name = "tubelet-compute", .threads = 1, .onStart = onThreadStart_});
  }
  return *compute_;
}

}  // namespace tubelet::engine

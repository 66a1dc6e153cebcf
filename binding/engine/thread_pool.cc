#include "engine/thread_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/error.h"

namespace tubelet::engine {
namespace {

constexpr int kNiceness = 5;  // added to the process's own
constexpr int kLowestPriority = 19;
constexpr std::size_t kNameLength = 15;

/// On Linux a priority belongs to a thread, whatever POSIX says of processes (setpriority(2), "C library/kernel
/// differences"). A failure is ignored: the work gets done anyway.
void lowerPriority() {
  const auto self = static_cast<id_t>(gettid());
  errno = 0;
  const int current = getpriority(PRIO_PROCESS, self);
  if (errno != 0) return;
  setpriority(PRIO_PROCESS, self, std::min(current + kNiceness, kLowestPriority));
}

}  // namespace

ThreadPool::ThreadPool(Options options) : options_(std::move(options)) {
  try {
    grow(std::max(1, options_.threads));
  } catch (const Error&) {
    join();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  join();
}

void ThreadPool::submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void ThreadPool::grow(int threads) {
  const std::lock_guard lock(mutex_);
  try {
    while (static_cast<int>(threads_.size()) < threads) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::OutOfMemory,
                "The system refused to start a thread. Raise the limit on processes (ulimit -u, or the container's "
                "pids limit) or on memory.",
                error.what());
  }
}

int ThreadPool::threads() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(threads_.size());
}

void ThreadPool::work() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, kNameLength).c_str());
  lowerPriority();
  if (options_.onStart) options_.onStart();

  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    {
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }  // what the task owned is released before the next one is looked for, and outside the lock
    lock.lock();
  }
}

void ThreadPool::join() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace tubelet::engine

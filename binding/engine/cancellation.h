#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

namespace tubelet {

/// Thrown by CancelToken::check() after cancel(). It is not an Error: the canceller has already settled the promise,
/// and there is nothing left to report.
class Cancelled {};

/// A flag shared by the requester of a piece of work and the threads that do it. Thread-safe.
class CancelToken {
 public:
  using Clock = std::chrono::steady_clock;

  CancelToken() = default;
  explicit CancelToken(std::optional<std::chrono::milliseconds> timeout) {
    if (timeout) deadline_ = Clock::now() + *timeout;
  }

  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

  /// Throws Cancelled, or Error(Timeout) once the deadline has passed. Call it wherever work can stop: between packets,
  /// frames and transformer blocks.
  void check() const;

 private:
  std::atomic<bool> cancelled_{false};
  std::optional<Clock::time_point> deadline_;
};

using CancelTokenPtr = std::shared_ptr<CancelToken>;

}  // namespace tubelet

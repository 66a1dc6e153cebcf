#pragma once

#include <chrono>
#include <cstddef>

namespace tubelet::engine {

/// Adds up the time that threads spend on something. Not thread-safe.
class BusyTime {
 public:
  /// From now on it is this many threads.
  void set(std::size_t threads);

  /// Until now, all threads together.
  double milliseconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  double milliseconds_ = 0;  ///< until `since_`
  std::size_t threads_ = 0;
  Clock::time_point since_ = Clock::now();
};

}  // namespace tubelet::engine

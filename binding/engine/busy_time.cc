#include "engine/busy_time.h"

namespace tubelet::engine {

void BusyTime::set(std::size_t threads) {
  milliseconds_ = milliseconds();
  since_ = Clock::now();
  threads_ = threads;
}

double BusyTime::milliseconds() const {
  const std::chrono::duration<double, std::milli> passed = Clock::now() - since_;
  return milliseconds_ + static_cast<double>(threads_) * passed.count();
}

}  // namespace tubelet::engine

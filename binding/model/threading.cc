#include "model/threading.h"

#include <ATen/Parallel.h>

namespace tubelet::model {

void prepareThread() {
  at::init_num_threads();
  // The getter initialises the thread as a side effect. Left to the first operator, that would undo setThreads().
  at::get_num_threads();
  at::set_num_threads(1);
}

void setThreads(int threads) {
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

}  // namespace tubelet::model

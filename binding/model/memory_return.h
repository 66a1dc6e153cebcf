#pragma once

#include <c10/core/Device.h>

#include "model/device.h"

namespace tubelet::model {

/// Returns freed memory when destroyed: glibc would keep much of a checkpoint's for itself, and LibTorch all of a
/// GPU's. Declared first in a class, it is destroyed last.
class MemoryReturn {
 public:
  explicit MemoryReturn(const c10::Device& device) : device_(device) {}
  ~MemoryReturn() { releaseFreedMemory(device_); }
  MemoryReturn(const MemoryReturn&) = delete;
  MemoryReturn& operator=(const MemoryReturn&) = delete;

 private:
  c10::Device device_;
};

}  // namespace tubelet::model

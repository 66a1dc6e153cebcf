#pragma once

#include <string>

#include <c10/core/Device.h>

namespace tubelet::model {

/// The device that `wanted` means on this machine, "cpu" or "cuda:0": "cpu"; "cuda", the first GPU; "cuda:1"; or
/// "auto", the first GPU where LibTorch can use one, else the CPU. The first query about GPUs in a process starts the
/// driver, which takes a while. Throws Error: INVALID_ARGUMENT for other words; DEVICE_UNAVAILABLE, which says what was
/// found.
std::string resolveDevice(const std::string& wanted);

/// Returns memory that LibTorch has freed: to the system, and on a GPU to other processes.
void releaseFreedMemory(const c10::Device& device) noexcept;

}  // namespace tubelet::model

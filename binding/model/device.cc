#include "model/device.h"

#include <dlfcn.h>
#include <malloc.h>

#include <array>
#include <charconv>
#include <exception>
#include <filesystem>
#include <optional>
#include <string_view>

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/Exception.h>

#include "engine/error.h"

// Device-neutral: nothing here needs CUDA's headers, and the addon links with LibTorch's CPU half alone. The other
// half, libtorch_cuda.so, registers with the first when it is opened, which lib/native/runtime.ts does.

namespace tubelet::model {

namespace {

constexpr std::string_view kCuda = "cuda";

/// Why LibTorch's CUDA half is not in this process.
std::string whyNoCuda() {
  Dl_info cpuHalf{};
  ::dladdr(reinterpret_cast<const void*>(&at::detail::getCUDAHooks), &cpuHalf);
  const auto library = std::filesystem::path(cpuHalf.dli_fname).replace_filename("libtorch_cuda.so");
  if (!std::filesystem::exists(library)) {
    return "this LibTorch is a CPU build (" + library.string() +
           " is missing). Set TUBELET_LIBTORCH to a CUDA build, or use device 'cpu' or 'auto'.";
  }
  if (::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    return "this LibTorch is a CUDA build, but its CUDA half cannot be opened (" + std::string(::dlerror()) +
           "). Install NVIDIA's libraries beside it, as its Python wheel does, or use device 'cpu' or 'auto'.";
  }
  // LibTorch looks for it once, when it is first asked about GPUs.
  return "LibTorch's CUDA half (" + library.string() + ") was missing when the process started. Restart it.";
}

/// Why a LibTorch with its CUDA half finds no GPU, in its own words.
std::string whyNoGpu() {
  try {
    at::detail::getCUDAHooks().init();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

/// A GPU's name, from the driver that LibTorch has loaded and started; empty where it does not say.
std::string gpuName(int index) {
  using DeviceGet = int (*)(int* device, int ordinal);
  using DeviceGetName = int (*)(char* name, int length, int device);
  void* driver = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  if (driver == nullptr) return {};
  const auto get = reinterpret_cast<DeviceGet>(::dlsym(driver, "cuDeviceGet"));
  const auto getName = reinterpret_cast<DeviceGetName>(::dlsym(driver, "cuDeviceGetName"));
  int device = 0;
  std::array<char, 256> name{};
  const bool found = get != nullptr && getName != nullptr && get(&device, index) == 0 &&
                     getName(name.data(), static_cast<int>(name.size()) - 1, device) == 0;
  ::dlclose(driver);
  return found ? name.data() : "";
}

std::string gpuList(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    const std::string name = gpuName(i);
    list += (i > 0 ? ", cuda:" : "cuda:") + std::to_string(i) + (name.empty() ? "" : " (" + name + ")");
  }
  return list;
}

/// Throws Error(DEVICE_UNAVAILABLE) unless `wanted`, the GPU of that index, is there.
void requireGpu(const std::string& wanted, int index) {
  const auto unavailable = [&](const std::string& why, const std::string& reason = {}) {
    return Error(ErrorCode::DeviceUnavailable, "There is no device '" + wanted + "': " + why, reason);
  };
  if (!at::detail::getCUDAHooks().hasCUDART()) throw unavailable(whyNoCuda());
  const auto count = static_cast<int>(at::getNumGPUs());
  if (count == 0) {
    const std::string reason = whyNoGpu();
    throw unavailable("this LibTorch is a CUDA build, but no GPU was found (" + reason +
                          "). Check what nvidia-smi says, or use device 'cpu' or 'auto'.",
                      reason);
  }
  if (index >= count) {
    throw unavailable(count == 1 ? "the only GPU is " + gpuList(count) + "."
                                 : "there are " + std::to_string(count) + " GPUs: " + gpuList(count) + ".");
  }
}

/// The number in "cuda:12"; 0 for "cuda". Nothing for other words.
std::optional<int> gpuIndex(std::string_view wanted) {
  if (!wanted.starts_with(kCuda)) return std::nullopt;
  wanted.remove_prefix(kCuda.size());
  if (wanted.empty()) return 0;
  if (!wanted.starts_with(':')) return std::nullopt;
  wanted.remove_prefix(1);
  int index = 0;
  const auto [end, problem] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
  const bool whole = problem == std::errc() && end == wanted.data() + wanted.size() && index >= 0;
  return whole ? std::optional(index) : std::nullopt;
}

}  // namespace

std::string resolveDevice(const std::string& wanted) {
  if (wanted == "cpu") return wanted;
  if (wanted == "auto") return at::getNumGPUs() > 0 ? "cuda:0" : "cpu";
  const std::optional<int> index = gpuIndex(wanted);
  if (!index) {
    throw Error(ErrorCode::InvalidArgument,
                "A device is 'cpu', 'cuda', 'cuda:0' (or another number) or 'auto', not '" + wanted + "'.");
  }
  requireGpu(wanted, *index);
  return std::string(kCuda) + ":" + std::to_string(*index);
}

void releaseFreedMemory(const c10::Device& device) noexcept {
  ::malloc_trim(0);
  if (device.is_cpu()) return;
  try {
    c10::getDeviceAllocator(device.type())->emptyCache();
  } catch (const std::exception&) {
    return;  // a GPU in such a state gives nothing back; its next use reports the error
  }
}

}  // namespace tubelet::model

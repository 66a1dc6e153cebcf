#include "model/common/torch_errors.h"

#include <c10/util/Exception.h>

namespace tubelet::model {

namespace {

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

Error translated(const std::exception& error, const std::string& doing) {
  const auto* torchError = dynamic_cast<const c10::Error*>(&error);
  const std::string reason = torchError != nullptr ? torchError->what_without_backtrace() : error.what();
  // LibTorch's CPU allocator, its interpreter and cuBLAS throw no type of their own for this.
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
                      dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                      contains(reason, "can't allocate memory") || contains(reason, "std::bad_alloc") ||
                      contains(reason, "CUDA out of memory") || contains(reason, "CUDA error: out of memory") ||
                      contains(reason, "CUBLAS_STATUS_ALLOC_FAILED");
  if (memory) {
    return {
        ErrorCode::OutOfMemory,
        "Not enough memory to " + doing + ". Free some, dispose of models no longer needed, or use a smaller model.",
        reason};
  }
  if (contains(reason, "no kernel image is available")) {
    return {ErrorCode::DeviceUnavailable,
            "Failed to " + doing + ": this build of LibTorch has no code for this model of GPU. Use device 'cpu', or " +
                "set TUBELET_LIBTORCH to a build that has it.",
            reason};
  }
  return {ErrorCode::Internal, "Failed to " + doing + ".", reason};
}

}  // namespace tubelet::model

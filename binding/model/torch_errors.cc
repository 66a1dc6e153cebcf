#include "model/torch_errors.h"

#include <c10/util/Exception.h>

namespace tubelet::model {

Error translated(const std::exception& error, const std::string& doing) {
  const auto* torchError = dynamic_cast<const c10::Error*>(&error);
  const std::string reason = torchError != nullptr ? torchError->what_without_backtrace() : error.what();
  // LibTorch's CPU allocator and its interpreter throw no type of their own for this.
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
                      dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                      reason.find("can't allocate memory") != std::string::npos ||
                      reason.find("std::bad_alloc") != std::string::npos;
  if (memory) {
    return {
        ErrorCode::OutOfMemory,
        "Not enough memory to " + doing + ". Free some, dispose of models no longer needed, or use a smaller model.",
        reason};
  }
  return {ErrorCode::Internal, "Failed to " + doing + ".", reason};
}

}  // namespace tubelet::model

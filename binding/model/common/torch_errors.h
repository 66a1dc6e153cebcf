#pragma once

#include <exception>
#include <new>
#include <string>

#include "engine/cancellation.h"
#include "engine/error.h"

namespace tubelet::model {

/// What to throw instead of `error`, an exception of LibTorch's or of the standard library's: OUT_OF_MEMORY where it
/// says that, DEVICE_UNAVAILABLE where LibTorch was not built for the GPU, else INTERNAL. `doing` completes "Failed to
/// ...".
Error translated(const std::exception& error, const std::string& doing);

/// Calls `work`, so that nothing but Error and Cancelled comes out of it.
template <typename Work>
auto translatingErrors(const std::string& doing, const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw translated(error, doing);
  }
}

}  // namespace tubelet::model

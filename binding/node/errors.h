#pragma once

#include <napi.h>

#include <exception>

namespace tubelet::node {

/// Any C++ exception as the JavaScript error that lib/native/binding.ts calls NativeError: `code` is codeName() of an
/// Error, CANCELLED for Cancelled, OUT_OF_MEMORY for bad_alloc and INTERNAL for anything unexpected; `reason` is there
/// when the error has one.
Napi::Error toJsError(Napi::Env env, const std::exception_ptr& exception);

/// Calls `body` and throws whatever it throws as a JavaScript error: nothing else may leave a callback of Node's.
template <typename Body>
auto contained(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;  // JavaScript's own; node-addon-api passes it on
  } catch (...) {
    throw toJsError(env, std::current_exception());
  }
}

}  // namespace tubelet::node

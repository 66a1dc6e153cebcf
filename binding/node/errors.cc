#include "node/errors.h"

#include <new>
#include <string>

#include "engine/cancellation.h"
#include "engine/error.h"

namespace tubelet::node {
namespace {

Napi::Error make(Napi::Env env, const char* code, const std::string& message, const std::string& reason = {}) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  if (!reason.empty()) error.Set("reason", Napi::String::New(env, reason));
  return error;
}

}  // namespace

Napi::Error toJsError(Napi::Env env, const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Napi::Error& error) {
    return error;
  } catch (const Error& error) {
    return make(env, codeName(error.code()), error.what(), error.reason());
  } catch (const Cancelled&) {
    return make(env, "CANCELLED", "The call was cancelled.");
  } catch (const std::bad_alloc& error) {
    return make(env, codeName(ErrorCode::OutOfMemory),
                "There is not enough memory for this call. Make fewer calls at a time, or give it a smaller video.",
                error.what());
  } catch (const std::exception& error) {
    return make(env, codeName(ErrorCode::Internal),
                "Something inside tubelet failed that should not. Please report it.", error.what());
  } catch (...) {
    return make(env, codeName(ErrorCode::Internal),
                "Something inside tubelet failed that should not. Please report it.");
  }
}

}  // namespace tubelet::node

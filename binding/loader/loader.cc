// Loads a shared library for the whole process, before the addon that needs it.
//
// The addon has no RPATH to LibTorch, so that one build runs on whichever LibTorch of its version is found at run time.
// Once libtorch_cpu.so is in the process, the dynamic linker meets the addon's need by name. Plain Node-API: this file
// must load on its own, whatever is missing.

#include <dlfcn.h>
#include <node_api.h>

#include <memory>
#include <string>

namespace {

/// Opens for as long as the process lives. Returns the dynamic linker's own words on failure, else nothing.
std::string openForAll(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return {};
  const char* reason = dlerror();
  return reason != nullptr ? reason : "dlopen failed without a reason";
}

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

/// The one argument, a string; false with an exception pending when it is not one.
bool pathArgument(napi_env env, napi_callback_info info, std::string& path) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  size_t length = 0;
  if (count < 1 || napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    fail(env, "the path must be a string");
    return false;
  }
  path.resize(length);
  napi_get_value_string_utf8(env, argument, path.data(), length + 1, nullptr);
  return true;
}

// open(path: string): void, throwing the reason.
napi_value open(napi_env env, napi_callback_info info) {
  std::string path;
  if (!pathArgument(env, info, path)) return nullptr;
  const std::string reason = openForAll(path);
  return reason.empty() ? nullptr : fail(env, reason.c_str());
}

/// An opening on another thread: reading and relocating LibTorch takes a third of a second.
struct Opening {
  std::string path;
  std::string reason;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

void runOpening(napi_env, void* data) {
  auto* opening = static_cast<Opening*>(data);
  opening->reason = openForAll(opening->path);
}

void settleOpening(napi_env env, napi_status, void* data) {
  const std::unique_ptr<Opening> opening(static_cast<Opening*>(data));
  napi_value value = nullptr;
  if (opening->reason.empty()) {
    napi_get_undefined(env, &value);
    napi_resolve_deferred(env, opening->deferred, value);
  } else {
    napi_value message = nullptr;
    napi_create_string_utf8(env, opening->reason.c_str(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &value);
    napi_reject_deferred(env, opening->deferred, value);
  }
  napi_delete_async_work(env, opening->work);
}

// openInBackground(path: string): Promise<void>, rejecting with the reason.
napi_value openInBackground(napi_env env, napi_callback_info info) {
  auto opening = std::make_unique<Opening>();
  if (!pathArgument(env, info, opening->path)) return nullptr;
  napi_value name = nullptr;
  napi_value promise = nullptr;
  if (napi_create_string_utf8(env, "tubelet.open", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_promise(env, &opening->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, runOpening, settleOpening, opening.get(), &opening->work) != napi_ok ||
      napi_queue_async_work(env, opening->work) != napi_ok) {
    return fail(env, "the loader could not start its work");
  }
  static_cast<void>(opening.release());  // settleOpening's from here
  return promise;
}

bool exportFunction(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

}  // namespace

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  if (!exportFunction(env, exports, "open", open) ||
      !exportFunction(env, exports, "openInBackground", openInBackground)) {
    return fail(env, "the loader could not register itself");
  }
  return exports;
}

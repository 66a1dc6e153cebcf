// Loads a shared library for the whole process, before the addon that needs it.
//
// The addon has no RPATH to LibTorch, so that one build runs on whichever LibTorch of its version is found at run time.
// Once libtorch_cpu.so is in the process, the dynamic linker meets the addon's need by name. Plain Node-API: this file
// must load on its own, whatever is missing.

#include <dlfcn.h>
#include <node_api.h>

#include <string>

namespace {

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

// open(path: string): void, throwing the dynamic linker's own words.
napi_value open(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);

  size_t length = 0;
  if (count < 1 || napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    return fail(env, "open(path) takes a string");
  }
  std::string path(length, '\0');
  napi_get_value_string_utf8(env, argument, path.data(), length + 1, nullptr);

  // Never closed: the addon uses it for as long as the process lives.
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* reason = dlerror();
    return fail(env, reason != nullptr ? reason : "dlopen failed without a reason");
  }
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  napi_value function = nullptr;
  if (napi_create_function(env, "open", NAPI_AUTO_LENGTH, open, nullptr, &function) != napi_ok ||
      napi_set_named_property(env, exports, "open", function) != napi_ok) {
    return fail(env, "the loader could not register itself");
  }
  return exports;
}

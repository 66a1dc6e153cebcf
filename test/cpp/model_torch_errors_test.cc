#include "model/common/torch_errors.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include <ATen/ops/empty.h>

#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

std::string translating(const std::function<void()>& work) {
  return outcome([&] { translatingErrors("do this", work); });
}

}  // namespace

TEST_CASE("errors: what LibTorch and the standard library throw becomes an Error with their words as its reason") {
  CHECK(translating([] {}) == "ok");
  CHECK(translating([] { throw std::runtime_error("why"); }) == "INTERNAL: Failed to do this. (why)");
  const std::string shape = translating([] { at::empty({2, 3}).reshape({5}); });
  CHECK(shape.starts_with("INTERNAL: Failed to do this. (shape '[5]' is invalid"));
  CHECK_FALSE(contains(shape, "frame #0"));
}

TEST_CASE("errors: lack of memory is OUT_OF_MEMORY, whichever library reports it") {
  CHECK(translating([] { at::empty({1LL << 55}); }).starts_with("OUT_OF_MEMORY: Not enough memory to do this."));
  CHECK(translating([] { throw std::bad_alloc(); }).starts_with("OUT_OF_MEMORY: "));
  CHECK(translating([] {
          throw std::runtime_error("in the interpreter: std::bad_alloc");
        }).starts_with("OUT_OF_MEMORY: "));
}

// What LibTorch 2.13 says of a GPU, as its interpreter passes it on.
TEST_CASE("errors: a GPU's memory, and a GPU that LibTorch was not built for") {
  for (const char* words : {"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has",
                            "CUDA error: out of memory", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `x`"}) {
    CAPTURE(words);
    const std::string result = translating([&] { throw std::runtime_error(words); });
    CHECK(result ==
          "OUT_OF_MEMORY: Not enough memory to do this. Free some, dispose of models no longer needed, or use "
          "a smaller model. (" +
              std::string(words) + ")");
  }
  const auto foreign = "CUDA error: no kernel image is available for execution on the device";
  CHECK(contains(translating([&] { throw std::runtime_error(foreign); }),
                 "DEVICE_UNAVAILABLE: Failed to do this: this build of LibTorch has no code for this model of GPU."));
  CHECK(translating([] { throw std::runtime_error("CUDA error: misaligned address"); }).starts_with("INTERNAL: "));
}

TEST_CASE("errors: what is typed already comes through unchanged") {
  CHECK(translating([] { throw Error(ErrorCode::Timeout, "late", "very"); }) == "TIMEOUT: late (very)");
  CHECK(translating([] { throw Cancelled(); }) == "cancelled");
}

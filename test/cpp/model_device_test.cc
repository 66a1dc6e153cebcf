#include "model/device.h"

#include <doctest/doctest.h>

#include <filesystem>

#include <ATen/ops/zeros.h>

#include "model/model.h"
#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

std::string resolving(const std::string& wanted) {
  return outcome([&] { resolveDevice(wanted); });
}

}  // namespace

// Nothing opens LibTorch's CUDA half in these programs, whatever the build: test/binding/device.test.ts does.
TEST_CASE("device: the CPU is always there, and what 'auto' means where LibTorch sees no GPU") {
  CHECK(resolveDevice("cpu") == "cpu");
  CHECK(resolveDevice("auto") == "cpu");
}

TEST_CASE("device: a GPU that is not there is refused with what was found") {
  const std::string library = TUBELET_LIBTORCH "/lib/libtorch_cuda.so";
  for (const std::string wanted : {"cuda", "cuda:0", "cuda:3"}) {
    const std::string result = resolving(wanted);
    CAPTURE(result);
    CHECK(result.starts_with("DEVICE_UNAVAILABLE: There is no device '" + wanted + "': "));
    if (std::filesystem::exists(library)) {
      CHECK(contains(result, "CUDA half"));
    } else {
      CHECK(contains(result, "this LibTorch is a CPU build (" + library + " is missing). Set TUBELET_LIBTORCH to"));
    }
  }
}

TEST_CASE("device: other words are refused") {
  for (const std::string wanted : {"", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda 1",
                                   "cuda:99999999999", "cudax", "cpu:0", " cpu", "mps"}) {
    CHECK(resolving(wanted) ==
          "INVALID_ARGUMENT: A device is 'cpu', 'cuda', 'cuda:0' (or another number) or 'auto', not '" + wanted +
              "'. ()");
  }
}

// The device 'meta' has shapes and no numbers, and every LibTorch has it: what comes of it is that a norm cannot be
// computed there. test/reference/devices.py goes on from there.
TEST_CASE("device: a model is where its specification says") {
  const Folder folder;
  ModelSpec spec = tinyCheckpoint("vivit").save(folder);
  spec.device = "meta";
  const auto loaded = Model::load(spec, CancelToken());
  CHECK(loaded->spec().device == "meta");
  CHECK(loaded->weightBytes() > 0);
  const std::string result = outcome([&] { loaded->run(at::zeros({1, 4, 3, 32, 32}), {}, CancelToken()); });
  CHECK(result.starts_with("INTERNAL: Failed to run the model."));
  CHECK(contains(result, "attempted to run this operator with Meta tensors"));
}

TEST_CASE("device: memory is given back without a GPU, too, and without failing") {
  releaseFreedMemory(c10::Device("cpu"));
  releaseFreedMemory(c10::Device("cuda:0"));
}

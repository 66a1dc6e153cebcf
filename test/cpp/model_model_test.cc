#include "model/model.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <numeric>
#include <thread>

#include <ATen/Parallel.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "model/threading.h"
#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

at::Tensor tinyPixels() {
  return at::randn({1, 4, 3, 32, 32}, at::detail::createCPUGenerator(3));
}

void checkNear(const std::vector<float>& actual, const at::Tensor& expected) {
  REQUIRE(static_cast<std::int64_t>(actual.size()) == expected.numel());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CHECK(actual[i] == doctest::Approx(expected.flatten()[static_cast<std::int64_t>(i)].item<float>()).epsilon(1e-4));
  }
}

}  // namespace

TEST_CASE("model: its logits are those of the program with the plain weights, its scores their softmax") {
  for (const std::string family : {"videomae", "timesformer", "vivit"}) {
    for (const auto format : {ModelSpec::Format::Safetensors, ModelSpec::Format::PytorchBin}) {
      CAPTURE(family);
      const Folder folder;
      const Checkpoint checkpoint = tinyCheckpoint(family);
      const auto loaded = Model::load(checkpoint.save(folder, format), CancelToken());
      const Output output = loaded->run(tinyPixels(), Request(), CancelToken());

      const c10::InferenceMode noGradients;
      Program plain(checkpoint.program);
      plain.load(checkpoint.weights, checkpoint.config);
      at::Tensor tokens = plain.embed(tinyPixels());
      for (std::int64_t i = 0; i < plain.depth(); ++i) tokens = plain.block(tokens, i);
      const auto [logits, embedding] = plain.head(tokens);
      checkNear(output.logits, logits);
      checkNear(output.scores, logits.softmax(-1));
      checkNear(output.embedding, embedding);
      CHECK(output.shape == std::vector<std::int64_t>{16});
      CHECK(std::accumulate(output.scores.begin(), output.scores.end(), 0.0) == doctest::Approx(1));
    }
  }
}

TEST_CASE("model: clips that go through it together come out as if each had gone alone") {
  for (const std::string family : {"videomae", "timesformer", "vivit"}) {
    CAPTURE(family);
    const Folder folder;
    const auto loaded = Model::load(tinyCheckpoint(family).save(folder), CancelToken());
    const std::vector<at::Tensor> clips{tinyPixels(), at::zeros({1, 4, 3, 32, 32}), -tinyPixels()};
    const std::vector<Output> together = loaded->runTogether(clips, Request(), CancelToken());
    REQUIRE(together.size() == clips.size());
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const Output alone = loaded->run(clips[i], Request(), CancelToken());
      checkNear(together[i].logits, at::tensor(at::ArrayRef<float>(alone.logits)));
      checkNear(together[i].scores, at::tensor(at::ArrayRef<float>(alone.scores)));
      checkNear(together[i].embedding, at::tensor(at::ArrayRef<float>(alone.embedding)));
    }
    CHECK(together[0].logits != together[2].logits);
  }
}

TEST_CASE("model: one clip of another shape is refused with all that would go through together with it") {
  const Folder folder;
  const auto loaded = Model::load(tinyCheckpoint("videomae").save(folder), CancelToken());
  const std::vector<at::Tensor> clips{tinyPixels(), at::zeros({1, 5, 3, 32, 32})};
  CHECK(outcome([&] { loaded->runTogether(clips, Request(), CancelToken()); }).starts_with("INVALID_ARGUMENT: "));
}

TEST_CASE("model: it knows its size, and runs the same twice and from another thread") {
  const Folder folder;
  const Checkpoint checkpoint = tinyCheckpoint("videomae");
  const auto loaded = Model::load(checkpoint.save(folder), CancelToken());
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : checkpoint.weights) bytes += static_cast<std::int64_t>(tensor.nbytes());
  // What the file holds, and what the program makes of its configuration: positions, and keys' biases of zero.
  CHECK(loaded->weightBytes() >= bytes);
  CHECK(loaded->weightBytes() < bytes * 5 / 4);
  CHECK(loaded->spec().frames == 4);

  const at::Tensor pixels = tinyPixels();
  const at::Tensor before = pixels.clone();
  const Output first = loaded->run(pixels, Request(), CancelToken());
  CHECK(pixels.equal(before));
  CHECK(loaded->run(pixels, Request(), CancelToken()).logits == first.logits);
  std::vector<float> elsewhere;
  std::thread([&] {
    prepareThread();
    elsewhere = loaded->run(pixels, Request(), CancelToken()).logits;
  }).join();
  checkNear(elsewhere, at::tensor(at::ArrayRef<float>(first.logits)));
}

TEST_CASE("model: a self-supervised checkpoint has an embedding and no logits") {
  const Folder folder;
  Checkpoint checkpoint = tinyCheckpoint("videomae");
  checkpoint.config["num_labels"] = 0;
  for (const char* name : {"classifier.weight", "classifier.bias", "fc_norm.weight", "fc_norm.bias"}) {
    checkpoint.weights.erase(name);
  }
  const Output output =
      Model::load(checkpoint.save(folder), CancelToken())->run(tinyPixels(), Request(), CancelToken());
  CHECK(output.logits.empty());
  CHECK(output.scores.empty());
  CHECK(output.embedding.size() == 16);
}

TEST_CASE("model: pixels of another shape or type are refused, with the shape it takes") {
  const Folder folder;
  const auto loaded = Model::load(tinyCheckpoint("videomae").save(folder), CancelToken());
  const auto running = [&](const at::Tensor& pixels) {
    return outcome([&] { loaded->run(pixels, Request(), CancelToken()); });
  };
  CHECK(running(at::zeros({1, 4, 3, 32, 32})) == "ok");
  for (const auto& pixels : {at::zeros({1, 5, 3, 32, 32}), at::zeros({2, 4, 3, 32, 32}), at::zeros({4, 3, 32, 32}),
                             at::zeros({1, 4, 3, 32, 32}, at::kDouble)}) {
    const std::string result = running(pixels);
    CAPTURE(result);
    CHECK(result.starts_with("INVALID_ARGUMENT: "));
    CHECK(contains(result, "[1, 4, 3, 32, 32]"));
  }
}

TEST_CASE("model: a preprocessing that cannot make its input is refused before a frame is seen") {
  const Folder folder;
  ModelSpec spec = tinyCheckpoint("videomae").save(folder);
  Preprocessing preprocessing;
  preprocessing.cropHeight = preprocessing.cropWidth = 32;
  const auto fitting = [&] {
    return outcome([&] { requireFittingPixels(*Model::load(spec, CancelToken()), preprocessing); });
  };
  CHECK(fitting() == "ok");
  spec.frames = 5;
  CHECK(contains(fitting(), "MODEL_INVALID: " + spec.weightFiles[0] + ": the model takes 4 frames of 32 x 32 pixels"));
  spec.frames = 4;
  preprocessing.cropWidth = 31;
  CHECK(contains(fitting(), "prepares 4 of 31 x 32"));
  preprocessing.cropWidth = preprocessing.cropHeight = 0;
  CHECK(fitting() == "ok");  // the size is whatever the frames have
  preprocessing.resize = Preprocessing::Resize::Exact;
  CHECK(contains(fitting(), "prepares 4 of 224 x 224"));
}

TEST_CASE("model: a program that is not there is the package's fault") {
  const Folder folder;
  ModelSpec spec = tinyCheckpoint("videomae").save(folder);
  spec.programPath = folder.path("absent.pt");
  CHECK(outcome([&] { Model::load(spec, CancelToken()); }).starts_with("INTERNAL: " + spec.programPath));
}

TEST_CASE("model: cancelling stops a run between two blocks") {
  const Folder folder;
  const auto loaded = Model::load(tinyCheckpoint("videomae", 400).save(folder), CancelToken());
  CancelToken token;
  // 400 blocks take some tens of milliseconds on the fastest machine.
  std::thread canceller([&token] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    token.cancel();
  });
  CHECK(outcome([&] { loaded->run(tinyPixels(), Request(), token); }) == "cancelled");
  canceller.join();

  const CancelToken late(std::chrono::milliseconds(5));
  CHECK(outcome([&] { loaded->run(tinyPixels(), Request(), late); }).starts_with("TIMEOUT: "));
}

TEST_CASE("threads: a prepared thread has one, and is given more by name, whatever other threads do") {
  int fresh = 0;
  int raised = 0;
  int undisturbed = 0;
  std::thread([&] {
    prepareThread();
    fresh = at::get_num_threads();
    std::thread([] {
      prepareThread();
      setThreads(3);
    }).join();
    undisturbed = at::get_num_threads();
    setThreads(2);
    raised = at::get_num_threads();
  }).join();
  CHECK(fresh == 1);
  CHECK(undisturbed == 1);
  CHECK(raised == 2);
}

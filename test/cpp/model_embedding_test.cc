#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ops/randn.h>
#include <ATen/record_function.h>
#include <c10/core/InferenceMode.h>

#include "model/model.h"
#include "model/pictures/normalize.h"
#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

using Pooling = Request::Pooling;
using Shape = std::vector<std::int64_t>;

namespace {

at::Tensor tinyPixels() {
  return at::randn({1, 4, 3, 32, 32}, at::detail::createCPUGenerator(3));
}

/// The same program with the plain weights, driven by hand.
class Plain {
 public:
  explicit Plain(const Checkpoint& checkpoint) : program_(checkpoint.program) {
    const c10::InferenceMode noGradients;
    program_.load(checkpoint.weights, checkpoint.config);
  }

  /// The tokens [N, D] after so many blocks.
  at::Tensor tokens(std::int64_t blocks) const {
    const c10::InferenceMode noGradients;
    at::Tensor tokens = program_.embed(tinyPixels());
    for (std::int64_t i = 0; i < blocks; ++i) tokens = program_.block(tokens, i);
    return tokens[0];
  }

  at::Tensor final(const at::Tensor& tokens) const {
    const c10::InferenceMode noGradients;
    return program_.final(tokens.unsqueeze(0))[0];
  }

 private:
  Program program_;
};

Output embed(const Model& model, std::optional<std::int64_t> layer, Pooling pooling) {
  return model.run(tinyPixels(), Request{layer, pooling}, CancelToken());
}

void checkNear(const std::vector<float>& actual, const at::Tensor& expected) {
  const at::Tensor flat = expected.contiguous().flatten();
  REQUIRE(static_cast<std::int64_t>(actual.size()) == flat.numel());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CHECK(actual[i] == doctest::Approx(flat[static_cast<std::int64_t>(i)].item<float>()).epsilon(1e-4));
  }
}

/// How many of LibTorch's operators `call` runs on this thread.
template <typename Call>
int operators(Call call) {
  static thread_local int count = 0;
  count = 0;
  const auto counting = [](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> {
    ++count;
    return nullptr;
  };
  const auto handle =
      at::addThreadLocalCallback(at::RecordFunctionCallback(counting).scopes({at::RecordScope::FUNCTION}));
  call();
  at::removeCallback(handle);
  return count;
}

}  // namespace

TEST_CASE("embedding: every layer is what so many blocks of the plain program give, pooled in each way") {
  for (const std::string family : {"videomae", "timesformer", "vivit"}) {
    CAPTURE(family);
    const Folder folder;
    const Checkpoint checkpoint = tinyCheckpoint(family, 3);
    const auto loaded = Model::load(checkpoint.save(folder), CancelToken());
    const Plain plain(checkpoint);
    CHECK(loaded->depth() == 3);

    const bool hasCls = family != "videomae";
    const std::int64_t frames = family == "timesformer" ? 4 : 2;
    for (std::int64_t layer = 0; layer <= 4; ++layer) {
      CAPTURE(layer);
      const bool last = layer == 4;
      const at::Tensor tokens = last ? plain.final(plain.tokens(3)) : plain.tokens(layer);
      const auto asked = last ? std::nullopt : std::optional(layer);
      at::Tensor patches = tokens.slice(0, hasCls ? 1 : 0);
      CHECK(patches.size(0) == frames * 4);
      // TimeSformer has the frames of a patch beside each other.
      patches = family == "timesformer" ? patches.view({2, 2, frames, 16}).permute({2, 0, 1, 3})
                                        : patches.view({frames, 2, 2, 16});

      const Output grid = embed(*loaded, asked, Pooling::None);
      CHECK(grid.shape == Shape{frames, 2, 2, 16});
      checkNear(grid.embedding, patches);
      CHECK(grid.logits.empty());
      const Output mean = embed(*loaded, asked, Pooling::Mean);
      CHECK(mean.shape == Shape{16});
      checkNear(mean.embedding, patches.mean({0, 1, 2}));
      if (!hasCls) continue;
      const Output cls = embed(*loaded, asked, Pooling::Cls);
      CHECK(cls.shape == Shape{16});
      checkNear(cls.embedding, tokens[0]);
    }
    if (hasCls) {
      const std::vector<float> seen = embed(*loaded, std::nullopt, Pooling::Head).embedding;
      checkNear(embed(*loaded, std::nullopt, Pooling::Cls).embedding, at::tensor(at::ArrayRef<float>(seen)));
    }
  }
}

TEST_CASE("embedding: blocks beyond the layer that was asked for are not run") {
  const Folder folder;
  const auto loaded = Model::load(tinyCheckpoint("videomae", 9).save(folder), CancelToken());
  std::vector<int> counts;
  for (std::int64_t layer = 0; layer <= 9; ++layer) {
    counts.push_back(operators([&] { embed(*loaded, layer, Pooling::Mean); }));
  }
  const int block = counts[1] - counts[0];
  CHECK(block > 0);
  for (std::size_t i = 1; i < counts.size(); ++i) CHECK(counts[i] - counts[i - 1] == block);
  CHECK(operators([&] { embed(*loaded, std::nullopt, Pooling::Mean); }) >= counts.back());
}

TEST_CASE("embedding: what a model does not have is refused before anything is run") {
  const Folder folder;
  const auto videomae = Model::load(tinyCheckpoint("videomae").save(folder), CancelToken());
  std::string result;
  const int idle = operators([] { tinyPixels(); });
  const auto refused = [&](std::optional<std::int64_t> layer, Pooling pooling) {
    const int run = operators([&] { result = outcome([&] { embed(*videomae, layer, pooling); }); });
    return run == idle && result.starts_with("INVALID_ARGUMENT: ");
  };
  CHECK(refused(3, Pooling::Mean));
  CHECK(contains(result, "layers 0 (the patch embedding) to 2, not 3"));
  CHECK(refused(-1, Pooling::None));
  CHECK(refused(1, Pooling::Head));
  CHECK(contains(result, "the last layer only"));
  CHECK(refused(std::nullopt, Pooling::Cls));
  CHECK(contains(result, "no CLS token"));
  CHECK(!refused(2, Pooling::Mean));
}

TEST_CASE("embedding: cancelling stops it between two blocks") {
  const Folder folder;
  const auto loaded = Model::load(tinyCheckpoint("vivit", 6).save(folder), CancelToken());
  CancelToken cancelled;
  const Request request{5, Pooling::None};
  // Cancelled by the first operator of the third block, as if by another thread just then.
  static thread_local CancelToken* cancelling = nullptr;
  static thread_local int left = 0;
  const auto countdown = [](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> {
    if (--left == 0) cancelling->cancel();
    return nullptr;
  };
  const int before = operators([&] { embed(*loaded, 2, Pooling::None); });
  const int block = operators([&] { embed(*loaded, 3, Pooling::None); }) - before;
  cancelling = &cancelled;
  left = before;
  const auto handle =
      at::addThreadLocalCallback(at::RecordFunctionCallback(countdown).scopes({at::RecordScope::FUNCTION}));
  const int run =
      operators([&] { CHECK(outcome([&] { loaded->run(tinyPixels(), request, cancelled); }) == "cancelled"); });
  at::removeCallback(handle);
  CHECK(run >= before);
  CHECK(run < before + block);
}

TEST_CASE("embedding: each vector is scaled to length 1, and one of zeros stays") {
  std::vector<float> vectors{3, 0, -4, 0, 0, 0, 0, 1e-20F, 0};
  normalizeEach(vectors, 3);
  CHECK(vectors == std::vector<float>{0.6F, 0, -0.8F, 0, 0, 0, 0, 1, 0});
  std::vector<float> many(std::size_t{768} * 3);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = std::sin(static_cast<float>(i));
  normalizeEach(many, 768);
  for (std::size_t row = 0; row < 3; ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < 768; ++i) squares += std::pow(many[row * 768 + i], 2);
    CHECK(squares == doctest::Approx(1).epsilon(1e-6));
  }
}

#include "model/kernels/kernels.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "model/kernels/attention.h"
#include "model/kernels/cpu.h"
#include "model/kernels/linear.h"
#include "model/model.h"
#include "model/precision.h"
#include "model/registry.h"
#include "model/threading.h"
#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

/// bfloat16 keeps 8 binary places: rounding once errs by at most 2^-9 of a number, on average by less than half of
/// that. What is rounded a few times on the way stays below this, as the length of the difference to the length of the
/// whole.
constexpr double kBf16 = 0.01;
constexpr double kFp32 = 1e-5;

double relativeError(const at::Tensor& actual, const at::Tensor& expected) {
  REQUIRE(actual.sizes() == expected.sizes());
  const at::Tensor wanted = expected.to(at::kDouble);
  return ((actual.to(at::kDouble) - wanted).norm() / wanted.norm()).item<double>();
}

at::Tensor noise(at::IntArrayRef shape, std::uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed));
}

/// Runs `work` on a thread of its own, whose operators run on `count` threads.
template <typename Work>
void onThreads(int count, Work work) {
  std::thread([&] {
    prepareThread();
    setThreads(count);
    const c10::InferenceMode noGradients;
    work();
  }).join();
}

/// The definition, in float64.
at::Tensor attentionByDefinition(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  const at::Tensor scores = at::matmul(q.to(at::kDouble), k.to(at::kDouble).transpose(2, 3)) * scale;
  return at::matmul(scores.softmax(-1), v.to(at::kDouble)).transpose(1, 2).flatten(2);
}

struct Shape {
  std::int64_t sequences, heads, tokens, width;
};

at::Tensor tinyPixels() {
  return noise({1, 4, 3, 32, 32}, 3);
}

std::vector<float> logitsOf(const Model& model) {
  return model.run(tinyPixels(), Request(), CancelToken()).logits;
}

}  // namespace

TEST_CASE("attention: what its definition says, whatever the shape and type") {
  const c10::InferenceMode noGradients;
  // One token; blocks of 24 queries, 64 and 512 keys met exactly, missed by one and filled in part; widths with and
  // without a kernel of their own; sequences long enough to be copied.
  for (const auto& [sequences, heads, tokens, width] :
       {Shape{2, 3, 1, 16}, Shape{3, 2, 8, 64}, Shape{1, 2, 24, 64}, Shape{2, 2, 25, 48}, Shape{1, 1, 64, 64},
        Shape{1, 3, 65, 80}, Shape{2, 1, 197, 64}, Shape{1, 1, 512, 32}, Shape{1, 2, 513, 64}, Shape{1, 1, 1100, 64},
        Shape{1, 1, 30, 256}, Shape{1, 2, 30, 20}, Shape{1, 1, 20, 272}}) {
    CAPTURE(tokens);
    CAPTURE(width);
    for (const auto type : {at::kFloat, at::kBFloat16}) {
      CAPTURE(at::toString(type));
      // Views of one product, as the programs have them; scores far enough apart for a few keys to take most.
      const at::Tensor qkv = (noise({sequences, tokens, 3, heads, width}, 1) * 1.7).to(type);
      const std::vector<at::Tensor> parts = qkv.permute({2, 0, 3, 1, 4}).unbind(0);
      const at::Tensor expected = attentionByDefinition(parts[0], parts[1], parts[2]);
      const at::Tensor actual = attention(parts[0], parts[1], parts[2]);
      CHECK((actual.scalar_type() == type));
      CHECK(relativeError(actual, expected) < (type == at::kFloat ? kFp32 : kBf16));
    }
  }
}

TEST_CASE("attention: scores beyond all others, and any number of threads, change nothing") {
  const c10::InferenceMode noGradients;
  at::Tensor k = noise({1, 2, 600, 64}, 5);
  k[0][0][599] = 100;  // in the last block: what was summed up before shrinks to nothing
  k[0][1][0] = 100;    // in the first one
  const at::Tensor q = at::ones({1, 2, 600, 64}, at::kBFloat16);
  k = k.to(at::kBFloat16);
  const at::Tensor v = noise({1, 2, 600, 64}, 6).to(at::kBFloat16);
  const at::Tensor alone = attention(q, k, v);
  CHECK(relativeError(alone, attentionByDefinition(q, k, v)) < kBf16);
  onThreads(3, [&] { CHECK(attention(q, k, v).equal(alone)); });
}

TEST_CASE("linear layers: packed ones give what plain ones give, in both types") {
  const c10::InferenceMode noGradients;
  struct Sizes {
    std::int64_t rows, inputs, outputs;
  };
  // One row, blocks of 6 and of 48 rows met and missed, rows in several parts; panels of 64 columns met, and filled by
  // one, two and three vectors; columns and inputs that no kernel of our own takes.
  for (const auto& [rows, inputs, outputs] :
       {Sizes{1, 16, 16}, Sizes{6, 40, 64}, Sizes{47, 768, 96}, Sizes{49, 2, 112}, Sizes{400, 768, 208},
        Sizes{11, 131'074, 16}, Sizes{50, 40, 72}, Sizes{50, 41, 64}}) {
    CAPTURE(rows);
    CAPTURE(inputs);
    CAPTURE(outputs);
    const at::Tensor x = noise({2, rows, inputs}, 1);
    const at::Tensor residual = noise({2, rows, outputs}, 2) * std::sqrt(static_cast<double>(inputs));
    for (const auto type : {at::kFloat, at::kBFloat16}) {
      CAPTURE(at::toString(type));
      const double tolerance = type == at::kFloat ? kFp32 : kBf16;
      const at::Tensor weight = noise({outputs, inputs}, 3).to(type);
      const at::Tensor bias = noise({outputs}, 4).to(type);
      const at::Tensor exact = at::linear(x.to(type).to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
      for (const at::Tensor& held : {weight, packLinear(weight, 2 * rows)}) {
        CHECK((linear(x, held, bias).scalar_type() == type));
        CHECK(relativeError(linear(x, held, bias), exact) < tolerance);
        CHECK(relativeError(linearGelu(x, held, bias, "none"), at::gelu(exact)) < tolerance);
        CHECK(relativeError(linearGelu(x, held, bias, "tanh"), at::gelu(exact, "tanh")) < tolerance);
        CHECK((linearAdd(x, held, bias, residual).scalar_type() == at::kFloat));
        CHECK(relativeError(linearAdd(x, held, bias, residual), residual + exact) < tolerance);
        CHECK(relativeError(linearAdd(x, held, bias, residual[0]), residual[0] + exact) < tolerance);
      }
    }
  }
}

TEST_CASE("linear layers: a weight is packed when packLinear() packed it, whatever its shape") {
  const c10::InferenceMode noGradients;
  const at::Tensor weight = noise({64, 32}, 1).to(at::kBFloat16);
  const at::Tensor bias = noise({64}, 2).to(at::kBFloat16);
  const at::Tensor x = noise({4, 32}, 3);
  CHECK_THROWS(linear(x, weight.unsqueeze(0), bias));
}

TEST_CASE("linear layers: GELU of numbers near and far") {
  const c10::InferenceMode noGradients;
  // The identity: what comes out is the GELU of what goes in, rounded to bfloat16.
  const at::Tensor weight = packLinear(at::eye(16, at::kBFloat16), 1000);
  const at::Tensor bias = at::zeros({16}, at::kBFloat16);
  const at::Tensor x = (at::arange(16'000).view({1000, 16}) / 400 - 20).to(at::kBFloat16);
  for (const char* approximate : {"none", "tanh"}) {
    CAPTURE(approximate);
    const at::Tensor expected = at::gelu(x.to(at::kDouble), approximate);
    const at::Tensor difference = (linearGelu(x, weight, bias, approximate).to(at::kDouble) - expected).abs();
    CHECK((difference <= expected.abs() / 256 + 1e-6).all().item<bool>());
  }
}

TEST_CASE("kernels: any number of threads gives the same bits") {
  const c10::InferenceMode noGradients;
  const at::Tensor x = noise({1, 700, 96}, 1);
  const at::Tensor weight = packLinear(noise({288, 96}, 2).to(at::kBFloat16), 700);
  const at::Tensor bias = noise({288}, 3).to(at::kBFloat16);
  const at::Tensor alone = linear(x, weight, bias);
  onThreads(3, [&] { CHECK(linear(x, weight, bias).equal(alone)); });
}

TEST_CASE("kernels: work is shared out to threads") {
  std::atomic<int> parts = 0;
  onThreads(2, [&] { at::parallel_for(0, 2, 1, [&](std::int64_t, std::int64_t) { ++parts; }); });
  CHECK(parts == 2);
}

TEST_CASE("kernels: a model gives what its program gives with the plain functions") {
  for (const char* family : {"videomae", "timesformer", "vivit"}) {
    CAPTURE(family);
    const Folder folder;
    const Checkpoint checkpoint = tinyCheckpoint(family);
    const c10::InferenceMode noGradients;
    torch::jit::Module plain = torch::jit::load(checkpoint.program);
    c10::Dict<std::string, at::Tensor> weights;
    for (const auto& [name, tensor] : checkpoint.weights) weights.insert(name, tensor);
    c10::Dict<std::string, double> config;
    for (const auto& [name, value] : checkpoint.config) config.insert(name, value);
    plain.run_method("load", weights, config);
    const at::Tensor expected = plain.forward({tinyPixels()}).toTupleRef().elements()[0].toTensor();

    ModelSpec spec = checkpoint.save(folder);
    const std::vector<float> exact = logitsOf(*Model::load(spec, CancelToken()));
    CHECK(relativeError(at::tensor(at::ArrayRef<float>(exact)).view({1, -1}), expected) < kFp32);

    spec.precision = Precision::Bf16;
    const std::vector<float> rounded = logitsOf(*Model::load(spec, CancelToken()));
    plain.run_method("to_bfloat16");
    const at::Tensor roundedPlain = plain.forward({tinyPixels()}).toTupleRef().elements()[0].toTensor();
    const at::Tensor logits = at::tensor(at::ArrayRef<float>(rounded)).view({1, -1});
    CHECK(relativeError(logits, roundedPlain) < kBf16);
    CHECK(relativeError(logits, expected) < 2 * kBf16);
    CHECK(rounded != exact);
  }
}

TEST_CASE("precision: what the caller wants, else bf16 where the CPU has instructions for it") {
  CHECK(resolvePrecision(Precision::Fp32, "cpu") == Precision::Fp32);
  CHECK(resolvePrecision(Precision::Bf16, "cpu") == Precision::Bf16);
  CHECK((resolvePrecision(std::nullopt, "cpu") == Precision::Bf16) == (bf16Units() != Bf16Units::None));
  CHECK(nameOf(Precision::Fp32) == "fp32");
  CHECK(nameOf(Precision::Bf16) == "bf16");
}

TEST_CASE("precision: one checkpoint in both precisions is two models, side by side") {
  const Folder folder;
  ModelSpec exact = tinyCheckpoint("vivit").save(folder);
  exact.key = "same";
  ModelSpec rounded = exact;
  rounded.precision = Precision::Bf16;
  Registry registry(&Model::load);
  const auto first = registry.acquire(exact, CancelToken());
  const auto second = registry.acquire(rounded, CancelToken());
  CHECK(first != second);
  CHECK(registry.acquire(exact, CancelToken()) == first);
  CHECK(registry.acquire(rounded, CancelToken()) == second);
  CHECK(second->weightBytes() < first->weightBytes());

  const std::vector<float> before = logitsOf(*first);
  const std::vector<float> other = logitsOf(*second);
  CHECK(before != other);
  CHECK(logitsOf(*first) == before);
  CHECK(logitsOf(*second) == other);
}

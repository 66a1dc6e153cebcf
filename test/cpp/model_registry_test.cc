#include "model/registry.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "model_fixtures.h"

using namespace tubelet;
using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

class FakeModel final : public Model {
 public:
  explicit FakeModel(ModelSpec spec) : spec_(std::move(spec)) {}
  const ModelSpec& spec() const override { return spec_; }
  std::int64_t weightBytes() const override { return 0; }
  const std::vector<std::int64_t>& inputShape() const override { return shape_; }
  std::int64_t depth() const override { return 0; }
  Output run(const at::Tensor&, const Request&, const CancelToken&) const override { return {}; }

 private:
  ModelSpec spec_;
  std::vector<std::int64_t> shape_;
};

ModelSpec keyed(const std::string& key) {
  ModelSpec spec;
  spec.key = key;
  return spec;
}

/// A registry whose loads are counted, and held until they are let go or cancelled.
class Bench {
 public:
  std::shared_ptr<const Model> load(const ModelSpec& spec, const CancelToken& token) {
    ++loads;
    while (held) {
      token.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (failures > 0) {
      --failures;
      throw Error(ErrorCode::ModelInvalid, "broken");
    }
    return std::make_shared<const FakeModel>(spec);
  }

  auto acquireLater(const CancelToken& token) {
    return std::async(std::launch::async, [this, &token] { return registry.acquire(keyed("a"), token); });
  }

  void awaitLoads(int count) const {
    while (loads < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  std::atomic<int> loads{0};
  std::atomic<int> failures{0};
  std::atomic<bool> held{false};
  Registry registry{[this](const ModelSpec& spec, const CancelToken& token) { return load(spec, token); }};
};

}  // namespace

TEST_CASE("registry: one key is one model on a device for as long as it is in use") {
  Bench bench;
  const CancelToken token;
  auto first = bench.registry.acquire(keyed("a"), token);
  auto second = bench.registry.acquire(keyed("a"), token);
  CHECK(first == second);
  CHECK(bench.registry.acquire(keyed("b"), token) != first);
  ModelSpec elsewhere = keyed("a");
  elsewhere.device = "cuda:1";
  CHECK(bench.registry.acquire(elsewhere, token) != first);
  CHECK(bench.loads == 3);
  const std::weak_ptr<const Model> watch = first;
  first.reset();
  CHECK_FALSE(watch.expired());
  second.reset();
  CHECK(watch.expired());
  CHECK(bench.registry.acquire(keyed("a"), token));
  CHECK(bench.loads == 4);
}

TEST_CASE("registry: a caller that asks while a model is being loaded waits for it") {
  Bench bench;
  bench.held = true;
  const CancelToken token;
  auto first = bench.acquireLater(token);
  bench.awaitLoads(1);
  auto second = bench.acquireLater(token);
  auto third = bench.acquireLater(token);
  CHECK(second.wait_for(std::chrono::milliseconds(60)) == std::future_status::timeout);
  bench.held = false;
  const auto model = first.get();
  CHECK(second.get() == model);
  CHECK(third.get() == model);
  CHECK(bench.loads == 1);
}

TEST_CASE("registry: a waiting caller can give up, and the load continues") {
  Bench bench;
  bench.held = true;
  const CancelToken token;
  auto first = bench.acquireLater(token);
  bench.awaitLoads(1);
  CancelToken impatient;
  auto second = bench.acquireLater(impatient);
  impatient.cancel();
  CHECK(outcome([&] { second.get(); }) == "cancelled");
  bench.held = false;
  CHECK(first.get());
  CHECK(bench.loads == 1);
}

TEST_CASE("registry: when a load is cancelled, a waiting caller loads the model itself") {
  Bench bench;
  bench.held = true;
  CancelToken impatient;
  auto first = bench.acquireLater(impatient);
  bench.awaitLoads(1);
  const CancelToken token;
  auto second = bench.acquireLater(token);
  impatient.cancel();
  CHECK(outcome([&] { first.get(); }) == "cancelled");
  bench.awaitLoads(2);
  bench.held = false;
  CHECK(second.get());
  CHECK(bench.loads == 2);
}

TEST_CASE("registry: a failed load fails its caller and is tried again by the next") {
  Bench bench;
  bench.failures = 1;
  const CancelToken token;
  CHECK(outcome([&] { bench.registry.acquire(keyed("a"), token); }) == "MODEL_INVALID: broken ()");
  CHECK(bench.registry.acquire(keyed("a"), token));
  CHECK(bench.loads == 2);
}

TEST_CASE("registry: the process has one, which loads real models") {
  const Folder folder;
  const ModelSpec spec = tinyCheckpoint("timesformer").save(folder);
  const auto first = Registry::shared().acquire(spec, CancelToken());
  CHECK(Registry::shared().acquire(spec, CancelToken()) == first);
  CHECK(first->weightBytes() > 0);
}

#include <doctest/doctest.h>

#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/lane.h"
#include "engine_fixtures.h"

namespace tubelet::engine::test {
namespace {

/// What the stages of each job of a sequence do besides writing that they ran.
using Stages = std::function<void(int index, const CancelToken&)>;

/// `count` jobs of one call: "a1", "a2" and so on. "settle a OUTCOME" is written once.
Lane::Job sequence(Bench& bench, const std::string& name, int count, const Stages& ingest = {},
                   const Stages& infer = {}, int index = 1) {
  const auto stage = [index](const Stages& stages) -> Bench::Stage {
    if (!stages) return {};
    return [stages, index](const CancelToken& token) { stages(index, token); };
  };
  Lane::Job job = bench.job(name + std::to_string(index), stage(ingest), stage(infer));
  job.settle = [&bench, name](const std::exception_ptr& outcome) {
    bench.journal.write("settle " + name + " " + describe(outcome));
  };
  job.next = [&bench, name, count, ingest, infer, index]() -> std::unique_ptr<Lane::Job> {
    if (index == count) return nullptr;
    return std::make_unique<Lane::Job>(sequence(bench, name, count, ingest, infer, index + 1));
  };
  return job;
}

/// Holds a stage of one job of a sequence until the gate is opened.
Stages holding(const Gate& gate, int held) {
  return [&gate, held](int index, const CancelToken& token) {
    if (index == held) gate.pass(token);
  };
}

TEST_CASE("the jobs of a call follow one another, each ingested while the one before it is inferred") {
  Bench bench;
  Gate gate;
  bench.lane->admit(sequence(bench, "a", 4, {}, holding(gate, 1)));
  bench.journal.await("ingested a2");
  CHECK_FALSE(bench.journal.has("inferred a1"));
  gate.open();
  bench.lane->waitIdle();
  CHECK(bench.journal.only("ingest ") == "a1 a2 a3 a4");
  CHECK(bench.journal.only("infer ") == "a1 a2 a3 a4");
  CHECK(bench.journal.only("settle ") == "a ok");
}

TEST_CASE("no more than `ahead` jobs of a call are ingested before they can be inferred") {
  Bench bench({.maxQueue = 64, .ahead = 2, .remedy = {}});
  Gate gate;
  bench.lane->admit(sequence(bench, "a", 6, {}, holding(gate, 1)));
  bench.journal.await("ingested a3");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK_FALSE(bench.journal.has("ingest a4"));
  gate.open();
  bench.journal.await("settle a ok");
}

TEST_CASE("calls that come meanwhile are served between the jobs of a long one") {
  Bench bench;
  Gate gate;
  bench.lane->admit(sequence(bench, "a", 4, holding(gate, 3), holding(gate, 1)));
  bench.journal.await("ingest a3");
  bench.lane->admit(bench.job("b"));
  bench.lane->admit(sequence(bench, "c", 2));
  gate.open();
  bench.lane->waitIdle();
  CHECK(bench.journal.only("infer ") == "a1 a2 a3 b c1 a4 c2");
}

TEST_CASE("a call of many jobs takes one place in the queue") {
  Bench bench({.maxQueue = 1, .ahead = 2, .remedy = {}});
  Gate gate;
  bench.lane->admit(sequence(bench, "a", 3, {}, holding(gate, 1)));
  bench.journal.await("ingested a2");
  CHECK(codeOf([&] { bench.lane->admit(bench.job("b")); }) == "ok");
  CHECK(codeOf([&] { bench.lane->admit(bench.job("c")); }) == "BUSY");
  gate.open();
  bench.lane->waitIdle();
  for (int i = 0; i < 2; ++i) CHECK(codeOf([&] { bench.lane->admit(bench.job("d", bench.at(gate))); }) == "ok");
}

TEST_CASE("a stage of a job in the middle throws: the call settles with that, once, and no job follows") {
  for (const bool inIngest : {true, false}) {
    CAPTURE(inIngest);
    Bench bench;
    const Stages fails = [](int index, const CancelToken&) {
      if (index == 2) throw std::runtime_error("broken");
    };
    bench.lane->admit(inIngest ? sequence(bench, "a", 5, fails) : sequence(bench, "a", 5, {}, fails));
    bench.lane->admit(bench.job("b"));
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle a ") == "broken");
    CHECK(bench.journal.has("settle b ok"));
    CHECK_FALSE(bench.journal.has("infer a3"));
    CHECK_FALSE(bench.journal.has("ingest a5"));
  }
}

TEST_CASE("what makes the next job throws: the call settles with that") {
  Bench bench;
  Lane::Job job = sequence(bench, "a", 3);
  job.next = []() -> std::unique_ptr<Lane::Job> { throw std::runtime_error("no more"); };
  bench.lane->admit(std::move(job));
  bench.lane->waitIdle();
  CHECK(bench.journal.only("settle ") == "a no more");
}

TEST_CASE("a call is cancelled in the middle: it settles once none of its stages runs") {
  Bench bench;
  Gate gate;
  Gate stubborn;
  const Stages infer = [&stubborn](int index, const CancelToken&) {
    if (index == 1) stubborn.passUncancelled();
  };
  const Lane::Ticket ticket = bench.lane->admit(sequence(bench, "a", 5, holding(gate, 2), infer));
  bench.journal.await("infer a1");
  bench.journal.await("ingest a2");
  bench.lane->cancel(ticket);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(bench.journal.has("settle a cancelled"));
  stubborn.open();
  bench.lane->waitIdle();
  CHECK(bench.journal.only("settle ") == "a cancelled");
  CHECK_FALSE(bench.journal.has("ingested a2"));
  CHECK_FALSE(bench.journal.has("ingest a3"));
  bench.lane->cancel(ticket);  // legal in every state
}

TEST_CASE("dispose gives up a call of which more jobs are to come, and lets its last one finish") {
  for (const int held : {1, 3}) {
    CAPTURE(held);
    Bench bench;
    Gate gate;
    bench.lane->admit(sequence(bench, "a", 3, {}, holding(gate, held)));
    bench.journal.await("infer a" + std::to_string(held));
    if (held == 1) bench.journal.await("ingested a3");
    bench.lane->dispose({});
    gate.open();
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == (held == 1 ? "a DISPOSED" : "a ok"));
  }
}

TEST_CASE("dispose does not wait for the jobs that are still to come of a call that has just begun") {
  Bench bench;
  Gate gate;
  bench.lane->admit(sequence(bench, "a", 3, holding(gate, 1)));
  bench.journal.await("ingest a1");
  bench.lane->dispose({});
  bench.lane->waitIdle();  // the gate stays closed
  CHECK(bench.journal.only("settle ") == "a DISPOSED");
}

TEST_CASE("jobs without an infer stage follow one another too") {
  Bench bench;
  std::atomic<int> left{3};
  Lane::Job job = bench.job("a");
  std::function<std::unique_ptr<Lane::Job>()> next = [&]() -> std::unique_ptr<Lane::Job> {
    if (--left == 0) return nullptr;
    auto following = std::make_unique<Lane::Job>(bench.job("b"));
    following->infer = nullptr;
    following->next = next;
    return following;
  };
  job.infer = nullptr;
  job.next = next;
  bench.lane->admit(std::move(job));
  bench.lane->waitIdle();
  CHECK(bench.journal.only("ingest ") == "a b b");
  CHECK(bench.journal.only("settle ") == "a ok");
}

TEST_CASE("what a job owns goes when that job is over, and not with its call") {
  Bench bench;
  Gate gate;
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = owned;
  Lane::Job job = sequence(bench, "a", 2, {}, holding(gate, 2));
  job.ingest = [owned = std::move(owned)](const CancelToken&) {};
  bench.lane->admit(std::move(job));
  bench.journal.await("infer a2");
  for (int i = 0; i < 1000 && !seen.expired(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(seen.expired());
  gate.open();
}

TEST_CASE("sequences that are cancelled at any moment settle once each") {
  Bench bench({.maxQueue = 1000, .ahead = 4, .remedy = {}, .ordered = false, .ingesting = 2, .inferring = 2}, 2, 2);
  constexpr int kCalls = 200;
  std::vector<std::atomic<int>> settled(kCalls);
  std::vector<Lane::Ticket> tickets;
  for (std::size_t i = 0; i < kCalls; ++i) {
    Lane::Job job = sequence(bench, "a", 1 + static_cast<int>(i % 5));
    job.settle = [&settled, i](const std::exception_ptr&) { ++settled[i]; };
    tickets.push_back(bench.lane->admit(std::move(job)));
  }
  std::thread canceller([&] {
    for (std::size_t i = 0; i < tickets.size(); i += 2) bench.lane->cancel(tickets[i]);
  });
  canceller.join();
  bench.lane->waitIdle();
  for (const auto& count : settled) CHECK(count == 1);
  const Lane::Load load = bench.lane->load();
  CHECK(load.waiting + load.ingesting + load.ready + load.inferring == 0);
}

}  // namespace
}  // namespace tubelet::engine::test

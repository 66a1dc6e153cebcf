#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/lane.h"
#include "engine_fixtures.h"

namespace tubelet::engine::test {
namespace {

/// A pass that writes "together A B C" and what it was told on the way.
class TestPass : public Batchable {
 public:
  using Action = std::function<void(const std::string& names, const CancelToken&)>;

  TestPass(Journal& journal, std::string name, Action action)
      : journal_(journal), name_(std::move(name)), action_(std::move(action)) {}

  void inferTogether(std::span<Batchable* const> jobs, const CancelToken& token) override {
    std::string names;
    for (Batchable* job : jobs) names += (names.empty() ? "" : " ") + static_cast<TestPass*>(job)->name_;
    journal_.write("together " + names);
    if (action_) action_(names, token);
    journal_.write("ended " + names);
  }

 private:
  Journal& journal_;
  std::string name_;
  Action action_;
};

/// The job of bench.job(), which may share its pass.
Lane::Job shareable(Bench& bench, const std::string& name, const TestPass::Action& together = {},
                    const Bench::Stage& infer = {}, const Bench::Stage& ingest = {}) {
  auto job = bench.job(name, ingest, infer);
  job.batchable = std::make_shared<TestPass>(bench.journal, name, together);
  return job;
}

constexpr std::chrono::milliseconds kLong{600'000};  ///< a delay that only a full pass or an end cuts short

TEST_CASE("a lane that is not ordered infers the oldest job that is ready") {
  Bench bench({.maxQueue = 64, .ahead = 4, .remedy = {}, .ordered = false}, 2);
  Gate slow;
  bench.lane->admit(bench.job("slow", bench.at(slow)));
  bench.journal.await("ingest slow");
  for (const char* name : {"b", "c"}) bench.lane->admit(bench.job(name));
  bench.journal.await("settle c ok");
  CHECK(bench.journal.only("infer ") == "b c");
  slow.open();
  bench.lane->waitIdle();
  CHECK(bench.journal.only("infer ") == "b c slow");
}

TEST_CASE("as many passes as a lane allows are made at once, and no more") {
  Bench bench({.maxQueue = 64, .ahead = 8, .remedy = {}, .ordered = false, .inferring = 2}, 2, 4);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::promise<void> met;
  const auto both = met.get_future().share();
  std::atomic<bool> told{false};
  const auto infer = [&](const CancelToken&) {
    const int now = ++inside;
    if (now > most) most = now;
    if (now == 2 && !told.exchange(true)) met.set_value();
    both.wait();  // for ever, if they were made one after another
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --inside;
  };
  for (int i = 0; i < 12; ++i) bench.lane->admit(bench.job("x", {}, infer));
  bench.lane->waitIdle();
  CHECK(most == 2);
  CHECK(bench.journal.count("settle x ok") == 12);
}

TEST_CASE("no more jobs are ingested at once than a lane allows, whatever the pool could do") {
  Bench bench({.maxQueue = 64, .ahead = 8, .remedy = {}, .ordered = false, .ingesting = 2}, 4);
  Gate gate;
  for (const char* name : {"a", "b", "c", "d"}) bench.lane->admit(bench.job(name, bench.at(gate)));
  bench.journal.await("ingest a");
  bench.journal.await("ingest b");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(bench.journal.count("ingest c") == 0);
  gate.open();
  bench.lane->waitIdle();
  CHECK(bench.journal.only("settle ").size() == std::string("a ok b ok c ok d ok").size());
}

TEST_CASE("a shared pass") {
  Bench bench({.maxQueue = 64, .ahead = 8, .remedy = {}, .ordered = false, .maxBatch = 3, .maxDelay = kLong}, 1);
  const auto waitForReady = [&bench](std::size_t ready) {
    while (bench.lane->load().ready != ready) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };

  SUBCASE("begins when it is full, with the oldest") {
    for (const char* name : {"a", "b", "c"}) bench.lane->admit(shareable(bench, name));
    bench.lane->waitIdle();
    CHECK(bench.journal.only("together ") == "a b c");
    CHECK(bench.journal.only("settle ") == "a ok b ok c ok");
    CHECK(bench.journal.only("infer ").empty());
  }

  SUBCASE("that is not full does not begin before its time") {
    for (const char* name : {"a", "b"}) bench.lane->admit(shareable(bench, name));
    waitForReady(2);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    CHECK(bench.journal.only("together ").empty());
    bench.lane->admit(shareable(bench, "c"));
    bench.journal.await("together a b c");
  }

  SUBCASE("has no place for a job that was cancelled while it waited: that one settles at once") {
    const auto first = bench.lane->admit(shareable(bench, "a"));
    bench.lane->admit(shareable(bench, "b"));
    waitForReady(2);
    bench.lane->cancel(first);
    CHECK(bench.journal.has("settle a cancelled"));
    for (const char* name : {"c", "d"}) bench.lane->admit(shareable(bench, name));
    bench.journal.await("together b c d");
  }

  SUBCASE("goes on when some of its jobs are cancelled; those settle with it, as cancelled") {
    Gate gate;
    const auto wait = [&gate](const std::string&, const CancelToken& token) { gate.pass(token); };
    bench.lane->admit(shareable(bench, "a", wait));
    const auto second = bench.lane->admit(shareable(bench, "b"));
    bench.lane->admit(shareable(bench, "c"));
    bench.journal.await("together a b c");
    bench.lane->cancel(second);
    bench.lane->cancel(second);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(bench.journal.only("settle ").empty());
    gate.open();
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "a ok b cancelled c ok");
    CHECK(bench.journal.has("ended a b c"));
  }

  SUBCASE("stops when all of its jobs are cancelled") {
    const auto forEver = [](const std::string&, const CancelToken& token) { Gate().pass(token); };
    std::vector<Lane::Ticket> tickets;
    for (const char* name : {"a", "b", "c"}) tickets.push_back(bench.lane->admit(shareable(bench, name, forEver)));
    bench.journal.await("together a b c");
    for (const auto& ticket : tickets) bench.lane->cancel(ticket);
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "a cancelled b cancelled c cancelled");
    CHECK(bench.journal.only("infer ").empty());
  }

  SUBCASE("that fails is made again one by one, so that only the bad one fails") {
    const auto fail = [](const std::string&, const CancelToken&) { throw std::runtime_error("together"); };
    const auto bad = [](const CancelToken&) { throw Error(ErrorCode::OutOfMemory, "alone"); };
    bench.lane->admit(shareable(bench, "a", fail));
    bench.lane->admit(shareable(bench, "b", {}, bad));
    bench.lane->admit(shareable(bench, "c"));
    bench.lane->waitIdle();
    CHECK(bench.journal.only("infer ") == "a b c");
    CHECK(bench.journal.only("settle ") == "a ok b OUT_OF_MEMORY c ok");
  }

  SUBCASE("that fails is not made again for those that were cancelled in it") {
    Gate gate;
    const auto fail = [&gate](const std::string&, const CancelToken&) {
      gate.passUncancelled();
      throw std::runtime_error("together");
    };
    bench.lane->admit(shareable(bench, "a", fail));
    const auto second = bench.lane->admit(shareable(bench, "b"));
    bench.lane->admit(shareable(bench, "c"));
    bench.journal.await("together a b c");
    bench.lane->cancel(second);
    gate.open();
    bench.lane->waitIdle();
    CHECK(bench.journal.only("infer ") == "a c");
    CHECK(bench.journal.only("settle ") == "a ok b cancelled c ok");
  }

  SUBCASE("leaves out a job whose time is up") {
    auto late = shareable(bench, "late");
    late.token = std::make_shared<CancelToken>(std::chrono::milliseconds(500));
    bench.lane->admit(std::move(late));
    waitForReady(1);  // within its time, also on a busy machine
    std::this_thread::sleep_for(std::chrono::milliseconds(510));
    for (const char* name : {"b", "c"}) bench.lane->admit(shareable(bench, name));
    bench.lane->waitIdle();
    CHECK(bench.journal.only("together ") == "b c");
    CHECK(bench.journal.only("settle ") == "late TIMEOUT b ok c ok");
  }

  SUBCASE("is not for a job that must be alone, which waits for nobody") {
    bench.lane->admit(bench.job("alone"));
    bench.journal.await("settle alone ok");
    CHECK(bench.journal.has("infer alone"));
    for (const char* name : {"a", "b"}) bench.lane->admit(shareable(bench, name));
    waitForReady(2);
    bench.lane->admit(bench.job("alone too"));
    waitForReady(3);
    bench.lane->admit(shareable(bench, "c"));
    bench.lane->waitIdle();
    CHECK(bench.journal.only("together ") == "a b c");
    CHECK(bench.journal.only("infer ") == "alone alone too");
  }

  SUBCASE("that still waits for more ends with the lane: at once when all is cancelled") {
    bench.lane->admit(shareable(bench, "a"));
    waitForReady(1);
    bench.lane->cancelAll();
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "a cancelled");
    // And the pool's thread with it: this would hang otherwise.
    std::promise<void> done;
    bench.compute.submit([&done] { done.set_value(); });
    CHECK(done.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  }

  SUBCASE("that runs is finished when the lane is disposed of; what waits for one is refused, but for the oldest") {
    Gate gate;
    const auto wait = [&gate](const std::string&, const CancelToken& token) { gate.pass(token); };
    for (const char* name : {"a", "b", "c", "d"}) bench.lane->admit(shareable(bench, name, wait));
    bench.journal.await("together a b c");
    waitForReady(1);
    std::atomic<int> idle{0};
    bench.lane->dispose([&idle] { ++idle; });
    CHECK(bench.journal.only("settle ") == "d DISPOSED");
    CHECK(idle == 0);
    gate.open();
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "d DISPOSED a ok b ok c ok");
    CHECK(idle == 1);
  }

  SUBCASE("that will never be full is made at once when the lane is disposed of") {
    bench.lane->admit(shareable(bench, "a"));
    waitForReady(1);
    bench.lane->dispose({});
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "a ok");
  }
}

TEST_CASE("a ready job waits for others no longer than it should") {
  Bench bench({.maxQueue = 64,
               .ahead = 8,
               .remedy = {},
               .ordered = false,
               .maxBatch = 3,
               .maxDelay = std::chrono::milliseconds(30)});
  for (const char* name : {"a", "b"}) bench.lane->admit(shareable(bench, name));
  bench.journal.await("settle a ok");
  bench.journal.await("settle b ok");
}

TEST_CASE("in an ordered lane passes are shared by jobs that follow one another") {
  Bench bench({.maxQueue = 64, .ahead = 8, .remedy = {}, .maxBatch = 2, .maxDelay = std::chrono::milliseconds(0)}, 3);
  Gate first;
  Gate slow;
  bench.lane->admit(shareable(bench, "a", {}, bench.at(first)));
  bench.journal.await("infer a");
  bench.lane->admit(shareable(bench, "b"));
  bench.lane->admit(shareable(bench, "slow", {}, {}, bench.at(slow)));
  bench.lane->admit(shareable(bench, "d"));
  bench.journal.await("ingested d");
  first.open();
  bench.journal.await("settle b ok");
  slow.open();
  bench.lane->waitIdle();
  CHECK(bench.journal.only("infer ") == "a b");
  CHECK(bench.journal.only("together ") == "slow d");
}

TEST_CASE("shared passes under load, with jobs that fail and are cancelled at random, settle every job once") {
  for (const std::size_t inferring : {std::size_t{1}, std::size_t{3}}) {
    CAPTURE(inferring);
    constexpr std::size_t kJobs = 600;
    std::vector<std::atomic<int>> settled(kJobs);
    std::vector<std::atomic<int>> failed(kJobs);
    std::atomic<std::size_t> inside{0};
    std::atomic<std::size_t> most{0};
    Bench bench({.maxQueue = kJobs,
                 .ahead = 16,
                 .remedy = {},
                 .ordered = false,
                 .ingesting = 2,
                 .inferring = inferring,
                 .maxBatch = 4,
                 .maxDelay = std::chrono::milliseconds(1)},
                3, 4);
    const auto pass = [&](const std::string& names, const CancelToken& token) {
      most = std::max(most.load(), ++inside);
      for (int i = 0; i < 5 && !token.cancelled(); ++i) std::this_thread::sleep_for(std::chrono::microseconds(50));
      --inside;
      if (names.find("bad") != std::string::npos) throw std::runtime_error("one of them is bad");
    };
    std::vector<Lane::Ticket> tickets;
    for (std::size_t i = 0; i < kJobs; ++i) {
      const bool bad = i % 7 == 0;
      const auto infer = [bad](const CancelToken&) {
        if (bad) throw std::runtime_error("bad");
      };
      auto job = shareable(bench, bad ? "bad" : "good", pass, infer);
      job.settle = [&, i](const std::exception_ptr& outcome) {
        ++settled[i];
        if (outcome) ++failed[i];
      };
      tickets.push_back(bench.lane->admit(std::move(job)));
    }
    std::thread canceller([&] {
      for (std::size_t i = 3; i < kJobs; i += 11) {
        bench.lane->cancel(tickets[i]);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    });
    canceller.join();
    bench.lane->waitIdle();
    CHECK(inside == 0);
    CHECK(most <= inferring);
    for (std::size_t i = 0; i < kJobs; ++i) {
      CAPTURE(i);
      CHECK(settled[i] == 1);
      if (i % 7 == 0) CHECK(failed[i] == 1);
      if (i % 7 != 0 && i % 11 != 3) CHECK(failed[i] == 0);
    }
  }
}

TEST_CASE("shutdown with shared passes in every state settles every job once and leaves nothing running") {
  constexpr std::size_t kJobs = 40;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::atomic<int>> settled(kJobs);
    std::atomic<int> inside{0};
    Bench bench({.maxQueue = kJobs,
                 .ahead = 8,
                 .remedy = {},
                 .ordered = false,
                 .inferring = 2,
                 .maxBatch = 3,
                 .maxDelay = round % 2 == 0 ? kLong : std::chrono::milliseconds(1)},
                3, 2);
    const auto stage = [&inside](const CancelToken& token) {
      ++inside;
      for (int i = 0; i < 20 && !token.cancelled(); ++i) std::this_thread::sleep_for(std::chrono::microseconds(100));
      --inside;
    };
    for (std::size_t i = 0; i < kJobs; ++i) {
      auto job =
          shareable(bench, "x", [&stage](const std::string&, const CancelToken& token) { stage(token); }, stage, stage);
      job.settle = [&settled, i](const std::exception_ptr&) { ++settled[i]; };
      bench.lane->admit(std::move(job));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(round));
    if (round % 3 == 0) bench.lane->dispose({});
    bench.lane->cancelAll();
    bench.lane->waitIdle();
    CHECK(inside == 0);
    for (const auto& times : settled) CHECK(times == 1);
  }
}

}  // namespace
}  // namespace tubelet::engine::test

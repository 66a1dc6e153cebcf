#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
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

TEST_CASE("jobs are inferred in the order they were admitted, however long their ingest takes") {
  Bench bench({.maxQueue = 64, .ahead = 4, .remedy = {}}, 4);
  Gate gate;
  bench.lane->admit(bench.job("a", bench.at(gate)));
  for (const char* name : {"b", "c", "d"}) bench.lane->admit(bench.job(name));
  for (const char* name : {"b", "c", "d"}) bench.journal.await(std::string("ingested ") + name);
  CHECK(bench.journal.only("infer ").empty());  // b, c and d are ready, but a was first
  gate.open();
  bench.lane->waitIdle();
  CHECK(bench.journal.only("infer ") == "a b c d");
  CHECK(bench.journal.only("settle ") == "a ok b ok c ok d ok");
}

TEST_CASE("the next job is ingested while the current one is inferred") {
  Bench bench;
  Gate gate;
  bench.lane->admit(bench.job("a", {}, bench.at(gate)));
  bench.journal.await("infer a");
  bench.lane->admit(bench.job("b"));
  bench.journal.await("ingested b");
  CHECK_FALSE(bench.journal.has("inferred a"));
  gate.open();
  bench.journal.await("settle b ok");
}

TEST_CASE("no more than `ahead` jobs are ingested before they can be inferred") {
  Bench bench({.maxQueue = 64, .ahead = 2, .remedy = {}}, 4);
  Gate gate;
  bench.lane->admit(bench.job("a", {}, bench.at(gate)));
  bench.journal.await("infer a");
  for (const char* name : {"b", "c", "d", "e"}) bench.lane->admit(bench.job(name));
  bench.journal.await("ingested b");
  bench.journal.await("ingested c");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK_FALSE(bench.journal.has("ingest d"));
  gate.open();
  bench.journal.await("settle e ok");
}

TEST_CASE("one forward at a time, also of lanes that share the pools") {
  Bench bench;
  const auto other = Lane::create(bench.decode, bench.compute, {.maxQueue = 64, .ahead = 2, .remedy = {}});
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const auto infer = [&](const CancelToken&) {
    most = std::max(most.load(), ++inside);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --inside;
  };
  for (int i = 0; i < 10; ++i) {
    bench.lane->admit(bench.job("a", {}, infer));
    other->admit(bench.job("b", {}, infer));
  }
  bench.lane->waitIdle();
  other->waitIdle();
  CHECK(most == 1);
  CHECK(bench.journal.count("settle a ok") == 10);
  CHECK(bench.journal.count("settle b ok") == 10);
}

TEST_CASE("a job without a stage skips it: ingest-only jobs settle out of turn, infer-only jobs keep it") {
  Bench bench;
  Gate gate;
  bench.lane->admit(bench.job("a", {}, bench.at(gate)));
  bench.journal.await("infer a");
  auto pixels = bench.job("pixels");
  pixels.ingest = nullptr;
  bench.lane->admit(std::move(pixels));
  auto frames = bench.job("frames");
  frames.infer = nullptr;
  bench.lane->admit(std::move(frames));
  bench.journal.await("settle frames ok");
  CHECK_FALSE(bench.journal.has("infer pixels"));
  gate.open();
  bench.journal.await("settle pixels ok");
  CHECK_FALSE(bench.journal.has("ingest pixels"));
  CHECK_FALSE(bench.journal.has("infer frames"));
}

TEST_CASE("jobs without an ingest stage leave room for the ingest of those before them") {
  Bench bench({.maxQueue = 64, .ahead = 1, .remedy = {}});
  for (int i = 0; i < 12; ++i) {
    auto job = bench.job(std::to_string(i));
    if (i % 3 != 0) job.ingest = nullptr;
    bench.lane->admit(std::move(job));
  }
  bench.journal.await("settle 11 ok");
  CHECK(bench.journal.only("infer ") == "0 1 2 3 4 5 6 7 8 9 10 11");
}

TEST_CASE("BUSY at exactly maxQueue waiting jobs") {
  for (const std::size_t maxQueue : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
    CAPTURE(maxQueue);
    Bench bench({.maxQueue = maxQueue, .ahead = 2, .remedy = ", or ask for more"});
    Gate gate;
    bench.lane->admit(bench.job("served", bench.at(gate)));
    for (std::size_t i = 0; i < maxQueue; ++i) bench.lane->admit(bench.job("waiting"));
    try {
      bench.lane->admit(bench.job("refused"));
      FAIL("admitted one too many");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::Busy);
      const std::string message = error.what();
      CHECK(message.find(std::to_string(maxQueue) + " calls (maxQueue)") != std::string::npos);
      CHECK(message.ends_with(", or ask for more."));
    }
    gate.open();
    bench.lane->waitIdle();
    CHECK_FALSE(bench.journal.has("settle refused BUSY"));  // the caller has been told already
    CHECK(codeOf([&] { bench.lane->admit(bench.job("later")); }) == "ok");
  }
}

TEST_CASE("a settled job's place is free before its callback runs") {
  Bench bench({.maxQueue = 0, .ahead = 1, .remedy = {}});
  auto first = bench.job("first");
  std::promise<std::string> second;
  first.settle = [&](const std::exception_ptr&) {
    second.set_value(codeOf([&] { bench.lane->admit(bench.job("second")); }));
  };
  bench.lane->admit(std::move(first));
  CHECK(second.get_future().get() == "ok");
  bench.journal.await("settle second ok");
}

TEST_CASE("a cancelled job") {
  Bench bench({.maxQueue = 1, .ahead = 1, .remedy = {}});
  Gate gate;

  SUBCASE("waiting: settles at once, is never begun, and frees its place") {
    bench.lane->admit(bench.job("a", bench.at(gate)));
    const auto ticket = bench.lane->admit(bench.job("b"));
    CHECK(codeOf([&] { bench.lane->admit(bench.job("c")); }) == "BUSY");
    bench.lane->cancel(ticket);
    CHECK(bench.journal.has("settle b cancelled"));
    CHECK(codeOf([&] { bench.lane->admit(bench.job("c")); }) == "ok");
    gate.open();
    bench.lane->waitIdle();
    CHECK_FALSE(bench.journal.has("ingest b"));
  }

  SUBCASE("ingesting: frees its place at once, settles when the stage notices, is never inferred") {
    const auto ticket = bench.lane->admit(bench.job("a", bench.at(gate)));
    bench.journal.await("ingest a");
    bench.lane->admit(bench.job("b"));
    bench.lane->cancel(ticket);
    CHECK(codeOf([&] { bench.lane->admit(bench.job("c")); }) == "ok");
    bench.journal.await("settle a cancelled");
    bench.lane->waitIdle();
    CHECK_FALSE(bench.journal.has("infer a"));
    CHECK(bench.journal.only("infer ") == "b c");
  }

  SUBCASE("ready: settles at once and is never inferred") {
    bench.lane->admit(bench.job("a", {}, bench.at(gate)));
    bench.journal.await("infer a");
    const auto ticket = bench.lane->admit(bench.job("b"));
    bench.journal.await("ingested b");
    bench.lane->cancel(ticket);
    bench.journal.await("settle b cancelled");
    gate.open();
    bench.lane->waitIdle();
    CHECK_FALSE(bench.journal.has("infer b"));
  }

  SUBCASE("inferring: settles only when the stage has returned, as cancelled though it succeeded") {
    const auto ticket = bench.lane->admit(bench.job("a", {}, [&](const CancelToken&) { gate.passUncancelled(); }));
    bench.journal.await("infer a");
    bench.lane->admit(bench.job("b"));
    bench.lane->cancel(ticket);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(bench.journal.only("settle ").empty());
    CHECK_FALSE(bench.journal.has("infer b"));
    gate.open();
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "a cancelled b ok");
  }

  SUBCASE("settled: nothing happens, any number of times") {
    const auto ticket = bench.lane->admit(bench.job("a"));
    bench.lane->waitIdle();
    bench.lane->cancel(ticket);
    bench.lane->cancel(ticket);
    CHECK(bench.journal.only("settle ") == "a ok");
  }

  SUBCASE("twice while it runs: settles once") {
    const auto ticket = bench.lane->admit(bench.job("a", bench.at(gate)));
    bench.journal.await("ingest a");
    bench.lane->cancel(ticket);
    bench.lane->cancel(ticket);
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "a cancelled");
  }
}

TEST_CASE("a hundred thousand jobs wait, are cancelled anywhere, and keep their order") {
  constexpr std::size_t kJobs = 100'000;
  Bench bench({.maxQueue = kJobs, .ahead = 1, .remedy = {}});
  Gate gate;
  bench.lane->admit(bench.job("first", bench.at(gate)));
  bench.journal.await("ingest first");
  std::vector<std::size_t> inferred;  // by the one compute thread
  std::vector<Lane::Ticket> tickets;
  std::atomic<std::size_t> settled{0};
  for (std::size_t i = 0; i < kJobs; ++i) {
    Lane::Job job;
    job.infer = [&inferred, i](const CancelToken&) { inferred.push_back(i); };
    job.settle = [&settled](const std::exception_ptr&) { ++settled; };
    tickets.push_back(bench.lane->admit(std::move(job)));
  }
  for (std::size_t i = kJobs; i-- > 0;) {  // the last first: a search from the front would take minutes
    if (i % 1000 != 7) bench.lane->cancel(tickets[i]);
  }
  CHECK(settled == kJobs - kJobs / 1000);
  gate.open();
  bench.lane->waitIdle();
  CHECK(settled == kJobs);
  CHECK(inferred.size() == kJobs / 1000);
  CHECK(std::ranges::is_sorted(inferred));
}

TEST_CASE("a cancelled job leaves nothing in a pool to wait for") {
  Bench bench;
  const auto other = Lane::create(bench.decode, bench.compute, {.maxQueue = 64, .ahead = 1, .remedy = {}});
  Gate gate;
  bench.lane->admit(bench.job("long", {}, bench.at(gate)));
  bench.journal.await("infer long");
  other->admit(bench.job("behind"));
  bench.journal.await("ingested behind");
  other->cancelAll();
  other->waitIdle();  // though the compute thread is taken for as long as the gate is shut
  CHECK(bench.journal.has("settle behind cancelled"));
  CHECK_FALSE(bench.journal.has("inferred long"));
  gate.open();
}

TEST_CASE("dispose") {
  Bench bench({.maxQueue = 64, .ahead = 2, .remedy = {}});
  Gate gate;
  std::atomic<int> idle{0};
  const auto countIdle = [&idle] { ++idle; };

  SUBCASE("fresh: idle at once; later jobs are refused and not settled") {
    bench.lane->dispose(countIdle);
    CHECK(idle == 1);
    CHECK(codeOf([&] { bench.lane->admit(bench.job("a")); }) == "DISPOSED");
    CHECK(bench.journal.events().empty());
  }

  SUBCASE("busy: what is served finishes, what waits is refused, idle comes last") {
    bench.lane->admit(bench.job("served", {}, bench.at(gate)));
    bench.journal.await("infer served");
    bench.lane->admit(bench.job("ready"));
    bench.journal.await("ingested ready");
    bench.lane->admit(bench.job("ingesting", bench.at(gate)));
    bench.journal.await("ingest ingesting");
    bench.lane->admit(bench.job("waiting"));
    bench.lane->dispose(countIdle);
    bench.journal.await("settle ready DISPOSED");  // its stage has returned; the lane may not know yet
    CHECK(bench.journal.has("settle waiting DISPOSED"));
    bench.journal.await("settle ingesting DISPOSED");
    CHECK(idle == 0);
    gate.open();
    bench.lane->waitIdle();
    CHECK(idle == 1);
    CHECK(bench.journal.events().back() == "settle served ok");
  }

  SUBCASE("busy with the oldest still in its first stage: it is served to the end") {
    bench.lane->admit(bench.job("served", bench.at(gate)));
    bench.journal.await("ingest served");
    bench.lane->dispose(countIdle);
    gate.open();
    bench.lane->waitIdle();
    CHECK(bench.journal.only("settle ") == "served ok");
    CHECK(idle == 1);
  }

  SUBCASE("twice: both are told, once each") {
    bench.lane->admit(bench.job("served", bench.at(gate)));
    bench.journal.await("ingest served");
    bench.lane->dispose(countIdle);
    bench.lane->dispose(countIdle);
    CHECK(idle == 0);
    gate.open();
    bench.lane->waitIdle();
    CHECK(idle == 2);
  }

  SUBCASE("again while the first is being told: both are told, once each") {
    bench.lane->dispose([&] {
      bench.lane->dispose(countIdle);
      CHECK(idle == 0);
    });
    bench.lane->waitIdle();
    CHECK(idle == 1);
  }

  SUBCASE("waits for a stage whose job was cancelled") {
    const auto ticket = bench.lane->admit(bench.job("a", {}, [&](const CancelToken&) { gate.passUncancelled(); }));
    bench.journal.await("infer a");
    bench.lane->cancel(ticket);
    bench.lane->dispose(countIdle);
    CHECK(idle == 0);
    gate.open();
    bench.lane->waitIdle();
    CHECK(idle == 1);
  }
}

TEST_CASE("a stage that throws settles its own job and no other") {
  Bench bench;
  const auto fail = [](const char* what) { return [what](const CancelToken&) { throw std::runtime_error(what); }; };
  const auto failTyped = [](const CancelToken&) { throw Error(ErrorCode::CorruptVideo, "broken"); };
  bench.lane->admit(bench.job("a", fail("in ingest")));
  bench.lane->admit(bench.job("b", {}, fail("in infer")));
  bench.lane->admit(bench.job("c", failTyped));
  bench.lane->admit(bench.job("d"));
  bench.lane->waitIdle();
  CHECK(bench.journal.has("settle a in ingest"));
  CHECK(bench.journal.has("settle b in infer"));
  CHECK(bench.journal.has("settle c CORRUPT_VIDEO"));
  CHECK(bench.journal.has("settle d ok"));
  CHECK_FALSE(bench.journal.has("infer a"));
}

TEST_CASE("a token's deadline is kept between stages") {
  Bench bench;
  auto job = bench.job("a", [](const CancelToken&) { std::this_thread::sleep_for(std::chrono::milliseconds(30)); });
  job.token = std::make_shared<CancelToken>(std::chrono::milliseconds(10));
  bench.lane->admit(std::move(job));
  bench.lane->waitIdle();
  CHECK(bench.journal.only("settle ") == "a TIMEOUT");
  CHECK_FALSE(bench.journal.has("infer a"));
}

TEST_CASE("idle means that nothing a job owned is alive any more") {
  Bench bench;
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;
  auto job = bench.job("a");
  job.infer = [owned = std::move(owned)](const CancelToken&) {};
  const auto ticket = bench.lane->admit(std::move(job));
  bench.lane->waitIdle();
  CHECK(watch.expired());  // though the ticket is still held
}

TEST_CASE("shutdown with work in every state settles every job once and leaves nothing running") {
  constexpr int kJobs = 40;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::atomic<int>> settled(kJobs);
    std::atomic<int> inside{0};
    Bench bench({.maxQueue = kJobs, .ahead = 3, .remedy = {}}, 3);
    const auto stage = [&inside](const CancelToken& token) {
      ++inside;
      for (int i = 0; i < 20 && !token.cancelled(); ++i) std::this_thread::sleep_for(std::chrono::microseconds(100));
      --inside;
    };
    for (std::size_t i = 0; i < kJobs; ++i) {
      auto job = bench.job("x", stage, stage);
      job.settle = [&settled, i](const std::exception_ptr&) { ++settled[i]; };
      bench.lane->admit(std::move(job));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(round));
    bench.lane->cancelAll();
    bench.lane->waitIdle();
    CHECK(inside == 0);
    for (const auto& times : settled) CHECK(times == 1);
  }
}

TEST_CASE("admitting, cancelling and disposing from many threads at once settles every admitted job once") {
  Bench bench({.maxQueue = 16, .ahead = 2, .remedy = {}}, 2);
  std::atomic<int> admitted{0};
  std::atomic<int> settled{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 200; ++i) {
        Lane::Job job;
        job.ingest = [](const CancelToken&) {};
        job.infer = [](const CancelToken&) {};
        job.settle = [&settled](const std::exception_ptr&) { ++settled; };
        try {
          const auto ticket = bench.lane->admit(std::move(job));
          ++admitted;
          if (i % 3 == caller % 3) bench.lane->cancel(ticket);
        } catch (const Error&) {
          std::this_thread::yield();  // BUSY or DISPOSED
        }
        if (caller == 0 && i == 150) bench.lane->dispose({});
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  bench.lane->waitIdle();
  CHECK(admitted > 0);
  CHECK(settled == admitted);
}

TEST_CASE("load: jobs by state, and the time that threads have spent") {
  Bench bench({.maxQueue = 64, .ahead = 3, .remedy = {}, .ordered = false, .ingesting = 1, .inferring = 1}, 2, 2);
  Gate inferring;
  Gate ingesting;
  CHECK(bench.lane->load().ingestMs == 0);
  bench.lane->admit(bench.job("a", {}, bench.at(inferring)));
  bench.journal.await("infer a");
  bench.lane->admit(bench.job("b"));
  bench.journal.await("ingested b");
  bench.lane->admit(bench.job("c", bench.at(ingesting)));
  bench.journal.await("ingest c");
  bench.lane->admit(bench.job("d"));
  const auto before = bench.lane->load();
  CHECK(before.waiting == 1);
  CHECK(before.ingesting == 1);
  CHECK(before.ready == 1);
  CHECK(before.inferring == 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto after = bench.lane->load();
  CHECK(after.ingestMs - before.ingestMs >= 20);  // counted while they run
  CHECK(after.inferMs - before.inferMs >= 20);
  ingesting.open();
  inferring.open();
  bench.lane->waitIdle();
  const auto idle = bench.lane->load();
  CHECK(idle.waiting + idle.ingesting + idle.ready + idle.inferring == 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(bench.lane->load().ingestMs == idle.ingestMs);
  CHECK(bench.lane->load().inferMs == idle.inferMs);
}

}  // namespace
}  // namespace tubelet::engine::test

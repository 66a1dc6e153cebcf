#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/lane.h"
#include "engine/thread_pool.h"

using tubelet::Cancelled;
using tubelet::CancelToken;
using tubelet::Error;
using tubelet::ErrorCode;
using tubelet::engine::Batchable;
using tubelet::engine::Lane;
using tubelet::engine::ThreadPool;

namespace {

/// What happened, in order, and a way to wait for it.
class Journal {
 public:
  void write(const std::string& event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
    }
    changed_.notify_all();
  }

  std::vector<std::string> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

  std::ptrdiff_t count(const std::string& event) const { return std::ranges::count(events(), event); }
  bool has(const std::string& event) const { return count(event) > 0; }

  void await(const std::string& event) const {
    std::unique_lock lock(mutex_);
    const bool seen = changed_.wait_for(lock, std::chrono::seconds(10),
                                        [&] { return std::ranges::find(events_, event) != events_.end(); });
    REQUIRE_MESSAGE(seen, "never happened: ", event);
  }

  /// The events that begin with `prefix`, in order.
  std::string only(const std::string& prefix) const {
    std::string text;
    for (const std::string& event : events()) {
      if (event.starts_with(prefix)) text += (text.empty() ? "" : " ") + event.substr(prefix.size());
    }
    return text;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> events_;
};

/// A door that stages wait at until the test opens it. It gives up on a cancelled token, as real stages do.
class Gate {
 public:
  void open() { opened_ = true; }
  void pass(const CancelToken& token) const {
    while (!opened_) {
      token.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  /// A stage that cannot be interrupted, such as one block of a program.
  void passUncancelled() const {
    while (!opened_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  std::atomic<bool> opened_{false};
};

std::string describe(const std::exception_ptr& outcome) {
  if (!outcome) return "ok";
  try {
    std::rethrow_exception(outcome);
  } catch (const Cancelled&) {
    return "cancelled";
  } catch (const Error& error) {
    return tubelet::codeName(error.code());
  } catch (const std::exception& error) {
    return error.what();
  }
}

/// Two pools and a lane, torn down as an environment does it.
struct Bench {
  explicit Bench(Lane::Options options = {.maxQueue = 64, .ahead = 2, .remedy = {}}, int decodeThreads = 2,
                 int computeThreads = 1)
      : decode({.name = "decode", .threads = decodeThreads, .onStart = {}}),
        compute({.name = "compute", .threads = computeThreads, .onStart = {}}),
        lane(Lane::create(decode, compute, std::move(options))) {}
  ~Bench() {
    lane->cancelAll();
    lane->waitIdle();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  using Stage = std::function<void(const CancelToken&)>;

  /// A job that writes "ingest NAME", "infer NAME" and "settle NAME OUTCOME".
  Lane::Job job(const std::string& name, Stage ingest = {}, Stage infer = {}) {
    Lane::Job made;
    made.ingest = [this, name, ingest = std::move(ingest)](const CancelToken& token) {
      journal.write("ingest " + name);
      if (ingest) ingest(token);
      journal.write("ingested " + name);
    };
    made.infer = [this, name, infer = std::move(infer)](const CancelToken& token) {
      journal.write("infer " + name);
      if (infer) infer(token);
      journal.write("inferred " + name);
    };
    made.settle = [this, name](const std::exception_ptr& outcome) {
      journal.write("settle " + name + " " + describe(outcome));
    };
    return made;
  }

  Stage at(const Gate& gate) {
    return [&gate](const CancelToken& token) { gate.pass(token); };
  }

  Journal journal;
  ThreadPool decode;
  ThreadPool compute;
  std::shared_ptr<Lane> lane;
};

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

std::string codeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (...) {
    return describe(std::current_exception());
  }
  return "ok";
}

}  // namespace

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

TEST_CASE("a cancelled job has nothing left in a pool that somebody would wait for") {
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
    late.token = std::make_shared<CancelToken>(std::chrono::milliseconds(20));
    bench.lane->admit(std::move(late));
    waitForReady(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
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

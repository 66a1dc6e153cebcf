#include <doctest/doctest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "engine/runtime.h"
#include "engine/thread_pool.h"

using tubelet::engine::Runtime;
using tubelet::engine::ThreadPool;

namespace {

template <typename Function>
auto onPool(ThreadPool& pool, Function function) {
  std::promise<decltype(function())> result;
  auto future = result.get_future();
  pool.submit([&result, &function] { result.set_value(function()); });
  return future.get();
}

}  // namespace

TEST_CASE("one thread runs tasks in the order they were submitted, and all of them before it joins") {
  std::vector<int> order;
  {
    ThreadPool pool({.name = "test", .threads = 1, .onStart = {}});
    for (int i = 0; i < 1000; ++i) pool.submit([&order, i] { order.push_back(i); });
  }
  REQUIRE(order.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("n threads run n tasks at the same time") {
  ThreadPool pool({.name = "test", .threads = 3, .onStart = {}});
  std::promise<void> allMet;
  std::shared_future<void> met = allMet.get_future().share();
  std::atomic<int> arrived{0};
  std::vector<std::future<void>> done;
  for (int i = 0; i < 3; ++i) {
    auto finished = std::make_shared<std::promise<void>>();
    done.push_back(finished->get_future());
    pool.submit([&, finished] {
      if (++arrived == 3) allMet.set_value();
      met.wait();  // would wait for ever if the tasks ran one after another
      finished->set_value();
    });
  }
  for (auto& task : done) CHECK(task.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

TEST_CASE("a pool grows while it works, and never shrinks") {
  std::atomic<int> started{0};
  {
    ThreadPool pool({.name = "test", .threads = 1, .onStart = [&started] { ++started; }});
    std::promise<void> door;
    pool.submit([opened = door.get_future().share()] { opened.wait(); });
    pool.grow(3);
    pool.grow(2);
    CHECK(pool.threads() == 3);
    CHECK(onPool(pool, [] { return 7; }) == 7);  // though the first thread is taken
    door.set_value();
  }
  CHECK(started == 3);
}

TEST_CASE("the start hook runs once in every thread, before its tasks") {
  std::atomic<int> started{0};
  {
    ThreadPool pool({.name = "test", .threads = 4, .onStart = [&started] { ++started; }});
    CHECK(onPool(pool, [&started] { return started.load(); }) >= 1);
  }
  CHECK(started == 4);
}

TEST_CASE("threads carry the pool's name and a lower priority than their maker's") {
  ThreadPool pool({.name = "a-name-of-more-than-15", .threads = 1, .onStart = {}});
  const std::string name = onPool(pool, [] {
    std::array<char, 64> text{};
    pthread_getname_np(pthread_self(), text.data(), text.size());
    return std::string(text.data());
  });
  CHECK(name == "a-name-of-more-");

  const int mine = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
  const int its = onPool(pool, [] { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); });
  CHECK(its == std::min(mine + 5, 19));
  CHECK(getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())) == mine);
}

TEST_CASE("what a task owns is released as soon as it has run") {
  ThreadPool pool({.name = "test", .threads = 1, .onStart = {}});
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;
  pool.submit([owned = std::move(owned)] {});
  CHECK(onPool(pool, [&watch] { return watch.expired(); }));
}

TEST_CASE("a process has one runtime; the last to drop it joins its threads, and a new one starts afresh") {
  std::atomic<int> started{0};
  const auto hook = [&started] { ++started; };

  auto first = Runtime::acquire(hook);
  auto second = Runtime::acquire(hook);
  CHECK(first == second);
  CHECK(started == 0);  // nothing runs until it is needed

  CHECK(first->compute().threads() == 1);
  CHECK(first->decode().threads() >= 2);
  CHECK(first->decode().threads() <= 4);
  CHECK(&first->decode() == &second->decode());
  CHECK(first->decode(6).threads() == 6);
  CHECK(first->batch(2).threads() == 2);
  const int threads = 1 + 6 + 2;

  std::atomic<bool> finished{false};
  second->compute().submit([&finished] {
    usleep(50'000);
    finished = true;
  });
  first.reset();
  CHECK_FALSE(finished);  // others still use it
  second.reset();
  CHECK(finished);
  CHECK(started == threads);

  CHECK(onPool(Runtime::acquire(hook)->compute(), [] { return 7; }) == 7);
}

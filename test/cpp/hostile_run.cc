#include "hostile_run.h"

#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <new>

#include "video/container/source.h"

namespace tubelet::video::test {
namespace {

int entriesIn(const char* folder) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

template <typename Work>
Outcome attempt(Work work) {
  using Clock = std::chrono::steady_clock;
  Outcome outcome{"none", "", 0};
  const auto start = Clock::now();
  try {
    work(CancelToken(std::chrono::seconds(kLimitSeconds)));
  } catch (const Error& error) {
    outcome = {codeName(error.code()), error.what(), 0};
  } catch (const std::bad_alloc&) {
    outcome = {"OUT_OF_MEMORY", "bad_alloc", 0};  // as the addon reports it
  } catch (const std::exception& error) {
    outcome = {"untyped", error.what(), 0};
  } catch (...) {
    outcome = {"untyped", "no std::exception", 0};
  }
  outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return outcome;
}

}  // namespace

Holdings Holdings::now() {
  malloc_trim(0);
  const struct mallinfo2 heap = mallinfo2();
  return {heap.uordblks + heap.hblkhd, entriesIn("/proc/self/fd"), entriesIn("/proc/self/task")};
}

std::int64_t peakBytes() {
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} << 10;
}

Outcome tryRead(const std::string& path, const Sampling& sampling, ReadOptions::OnCorrupt onCorrupt) {
  ReadOptions options;
  options.onCorrupt = onCorrupt;
  return attempt([&](const CancelToken& token) { read(path, sampling, options, token); });
}

Outcome tryProbe(const std::string& path) {
  return attempt([&](const CancelToken& token) {
    const ReadOptions options;
    FileSource source(path, options.limits.bytes);
    probe(source, options, token);
  });
}

}  // namespace tubelet::video::test

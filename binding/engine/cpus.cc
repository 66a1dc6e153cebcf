#include "engine/cpus.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace tubelet::engine {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> readText(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<std::int64_t> parsePositive(std::string_view text) {
  text = trim(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

std::optional<int> smaller(std::optional<int> a, std::optional<int> b) {
  if (a && b) return std::min(*a, *b);
  return a ? a : b;
}

/// Applies `quotaOf` to root/path and to every level above it, down to root itself.
template <typename QuotaOf>
std::optional<int> smallestQuota(const fs::path& root, std::string_view path, QuotaOf quotaOf) {
  std::optional<int> smallest;
  for (fs::path level = fs::path(path).relative_path(); !level.empty(); level = level.parent_path()) {
    smallest = smaller(smallest, quotaOf(root / level));
  }
  return smaller(smallest, quotaOf(root));
}

std::optional<int> quotaV2(const fs::path& group) {
  const auto text = readText(group / "cpu.max");
  return text ? parseCpuMax(*text) : std::nullopt;
}

std::optional<int> quotaV1(const fs::path& group) {
  const auto quota = readText(group / "cpu.cfs_quota_us");
  const auto period = readText(group / "cpu.cfs_period_us");
  return quota && period ? parseCfsQuota(*quota, *period) : std::nullopt;
}

/// "cpu" is in "cpu,cpuacct" but not in "cpuset".
bool hasController(std::string_view list, std::string_view controller) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == controller) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

int affinityCpus() {
  // The kernel refuses a mask smaller than its own with EINVAL, and does not say how large its own is.
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  for (std::size_t cpus = CPU_SETSIZE; cpus <= kLargest; cpus *= 2) {
    std::vector<cpu_set_t> mask(cpus / CPU_SETSIZE);
    const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, mask.data()) == 0) return CPU_COUNT_S(bytes, mask.data());
    if (errno != EINVAL) break;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

std::optional<int> parseCfsQuota(std::string_view quota, std::string_view period) {
  const auto allowed = parsePositive(quota);
  const auto per = parsePositive(period);
  if (!allowed || !per) return std::nullopt;
  const std::int64_t cpus = *allowed / *per + (*allowed % *per != 0 ? 1 : 0);
  return static_cast<int>(std::min<std::int64_t>(cpus, std::int64_t{1} << 20));
}

std::optional<int> parseCpuMax(std::string_view text) {
  text = trim(text);
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return parseCfsQuota(text.substr(0, space), text.substr(space));
}

std::optional<int> cgroupCpus(const fs::path& root, std::string_view membership) {
  // A line is "hierarchy-id:controllers:path"; cgroup v2 is hierarchy 0 with no controllers named (cgroups(7)).
  std::optional<int> smallest;
  while (!membership.empty()) {
    const auto end = membership.find('\n');
    const std::string_view line = membership.substr(0, end);
    membership.remove_prefix(end == std::string_view::npos ? membership.size() : end + 1);

    const auto first = line.find(':');
    if (first == std::string_view::npos) continue;
    const auto second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);

    if (controllers.empty()) {
      smallest = smaller(smallest, smallestQuota(root, path, quotaV2));
    } else if (hasController(controllers, "cpu")) {
      smallest = smaller(smallest, smallestQuota(root / controllers, path, quotaV1));
      smallest = smaller(smallest, smallestQuota(root / "cpu", path, quotaV1));
    }
  }
  return smallest;
}

int availableCpus() {
  const auto membership = readText("/proc/self/cgroup");
  const auto quota = membership ? cgroupCpus("/sys/fs/cgroup", *membership) : std::nullopt;
  const int allowed = affinityCpus();
  return std::max(1, std::min(allowed, quota.value_or(allowed)));
}

}  // namespace tubelet::engine

#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace tubelet::engine {

/// CPUs this process may use, at least 1: those in its affinity mask, and no more than its cgroup's CPU quota (v1 or
/// v2) rounded up. The number of CPUs in the machine is meaningless in a container: a pool of that size would be
/// throttled to a standstill.
int availableCpus();

/// The quota in a cgroup v2 `cpu.max` file ("150000 100000": 2), rounded up; nothing when it is unlimited ("max
/// 100000") or not understood.
std::optional<int> parseCpuMax(std::string_view text);

/// The quota in cgroup v1's `cpu.cfs_quota_us` and `cpu.cfs_period_us`, rounded up; nothing when it is unlimited ("-1")
/// or not understood.
std::optional<int> parseCfsQuota(std::string_view quota, std::string_view period);

/// The smallest quota that applies to a process. `root` is where cgroups are mounted (/sys/fs/cgroup) and `membership`
/// the text of /proc/self/cgroup. A limit set on any ancestor holds for its descendants, so that every level counts;
/// levels that are not visible (a container that sees the host's path but its own mount) are passed over.
std::optional<int> cgroupCpus(const std::filesystem::path& root, std::string_view membership);

}  // namespace tubelet::engine

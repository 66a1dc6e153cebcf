#include <doctest/doctest.h>
#include <sched.h>
#include <cstdlib>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "engine/cpus.h"

namespace fs = std::filesystem;
using tubelet::engine::availableCpus;
using tubelet::engine::cgroupCpus;
using tubelet::engine::parseCfsQuota;
using tubelet::engine::parseCpuMax;

namespace {

/// A made-up cgroup mount in a folder of its own.
class CgroupTree {
 public:
  CgroupTree() {
    std::string name = (fs::temp_directory_path() / "tubelet-cgroup-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  ~CgroupTree() { fs::remove_all(root_); }
  CgroupTree(const CgroupTree&) = delete;
  CgroupTree& operator=(const CgroupTree&) = delete;

  const fs::path& root() const { return root_; }

  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

 private:
  fs::path root_;
};

}  // namespace

TEST_CASE("cpu.max: a quota is rounded up to whole CPUs") {
  CHECK(parseCpuMax("200000 100000\n") == 2);
  CHECK(parseCpuMax("150000 100000\n") == 2);
  CHECK(parseCpuMax("100001 100000\n") == 2);
  CHECK(parseCpuMax("100000 100000\n") == 1);
  CHECK(parseCpuMax("1000 100000\n") == 1);
}

TEST_CASE("cpu.max: no limit, and text that means nothing, are no quota") {
  for (const char* text : {"max 100000\n", "", "\n", "100000", "100000 0", "-5 100000", "12x 100000", "1e5 100000"}) {
    CAPTURE(text);
    CHECK_FALSE(parseCpuMax(text).has_value());
  }
}

TEST_CASE("cpu.max: a quota beyond any machine does not overflow") {
  CHECK(parseCpuMax("9223372036854775807 1") == 1 << 20);
  CHECK_FALSE(parseCpuMax("9223372036854775808 1").has_value());
}

TEST_CASE("cfs_quota_us and cfs_period_us") {
  CHECK(parseCfsQuota("250000\n", "100000\n") == 3);
  CHECK_FALSE(parseCfsQuota("-1\n", "100000\n").has_value());
  CHECK_FALSE(parseCfsQuota("100000\n", "0\n").has_value());
}

TEST_CASE("cgroup v2: the tightest limit on the way up holds") {
  const CgroupTree tree;
  tree.write("cpu.max", "800000 100000\n");
  tree.write("pod/cpu.max", "300000 100000\n");
  tree.write("pod/container/cpu.max", "max 100000\n");
  CHECK(cgroupCpus(tree.root(), "0::/pod/container\n") == 3);
  CHECK(cgroupCpus(tree.root(), "0::/pod\n") == 3);
  CHECK(cgroupCpus(tree.root(), "0::/\n") == 8);
}

TEST_CASE("cgroup v2: a path that this mount does not show leaves the mount's own limit") {
  const CgroupTree tree;
  tree.write("cpu.max", "200000 100000\n");
  CHECK(cgroupCpus(tree.root(), "0::/host/slice/docker-123.scope\n") == 2);
}

TEST_CASE("cgroup v1: the cpu controller, whatever it is mounted with; cpuset has no quota") {
  const CgroupTree tree;
  tree.write("cpu,cpuacct/pod/cpu.cfs_quota_us", "400000\n");
  tree.write("cpu,cpuacct/pod/cpu.cfs_period_us", "100000\n");
  CHECK(cgroupCpus(tree.root(), "12:memory:/pod\n4:cpu,cpuacct:/pod\n3:cpuset:/pod\n0::/\n") == 4);

  const CgroupTree plain;
  plain.write("cpu/cpu.cfs_quota_us", "-1\n");
  plain.write("cpu/cpu.cfs_period_us", "100000\n");
  plain.write("cpu/pod/cpu.cfs_quota_us", "50000\n");
  plain.write("cpu/pod/cpu.cfs_period_us", "100000\n");
  CHECK(cgroupCpus(plain.root(), "1:cpu:/pod\n") == 1);
  CHECK_FALSE(cgroupCpus(plain.root(), "3:cpuset:/pod\n").has_value());
}

TEST_CASE("no cgroup, or a membership that means nothing, is no quota") {
  const CgroupTree tree;
  for (const char* text : {"", "\n", "nonsense", "0:", "0::/\n", "1:cpu:/\n"}) {
    CAPTURE(text);
    CHECK_FALSE(cgroupCpus(tree.root(), text).has_value());
  }
}

TEST_CASE("the affinity mask of the calling thread limits the CPUs") {
  CHECK(availableCpus() >= 1);
  int pinned = 0;
  std::thread([&pinned] {
    cpu_set_t mask;
    REQUIRE(sched_getaffinity(0, sizeof mask, &mask) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &mask)) ++first;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    REQUIRE(sched_setaffinity(0, sizeof mask, &mask) == 0);
    pinned = availableCpus();
  }).join();
  CHECK(pinned == 1);
}

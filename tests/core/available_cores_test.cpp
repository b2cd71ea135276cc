#include "core/available_cores.h"

#include <sched.h>
#include <thread>

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using testing::TemporaryFolder;

/// A made-up system in whose group /a/b this process is.
struct CoreSystem {
  TemporaryFolder root;

  explicit CoreSystem(const std::string& groups = "0::/a/b\n") { root.write("proc/self/cgroup", groups); }
  void group(const std::string& file, const std::string& content) const {
    root.write("sys/fs/cgroup/" + file, content);
  }
  std::optional<int64_t> cores() const { return quota_of_cores(root.path()); }
};

TEST(AvailableCores, HaveNoQuotaWhereNoGroupHasOne) {
  const TemporaryFolder empty;
  EXPECT_EQ(quota_of_cores(empty.path()), std::nullopt);
  const CoreSystem system;
  system.group("a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(system.cores(), std::nullopt);
}

TEST(AvailableCores, AreTheQuotaRoundedUp) {
  const CoreSystem system;
  system.group("a/b/cpu.max", "300000 100000\n");
  EXPECT_EQ(system.cores(), 3);
  system.group("a/b/cpu.max", "300001 100000\n");
  EXPECT_EQ(system.cores(), 4);
  system.group("a/b/cpu.max", "5000 100000\n");
  EXPECT_EQ(system.cores(), 1);
}

TEST(AvailableCores, AreThoseOfTheNarrowestGroupAround) {
  const CoreSystem system;
  system.group("a/b/cpu.max", "800000 100000\n");
  system.group("a/cpu.max", "100000 50000\n");
  system.group("a/other/cpu.max", "1000 100000\n");  // none of ours
  EXPECT_EQ(system.cores(), 2);
}

TEST(AvailableCores, AreThoseOfAContainerThatSeesItsOwnGroupAlone) {
  const CoreSystem system("0::/system.slice/docker-12.scope\n");
  system.group("cpu.max", "150000 100000\n");
  EXPECT_EQ(system.cores(), 2);
}

TEST(AvailableCores, AreThoseOfAGroupOfVersion1) {
  const CoreSystem system("5:memory:/x\n4:cpu,cpuacct:/a/b\n0::/\n");
  system.group("cpu/a/b/cpu.cfs_quota_us", "-1\n");  // none
  system.group("cpu/a/b/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(system.cores(), std::nullopt);
  system.group("cpu/a/cpu.cfs_quota_us", "250000\n");
  system.group("cpu/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(system.cores(), 3);
}

TEST(AvailableCores, AreOneOfAThreadThatMayRunOnOne) {
  std::thread([] {
    const int here = ::sched_getcpu();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(here), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(available_cores(), 1);
  }).join();
}

}  // namespace
}  // namespace bernoulli

#include "core/available_memory.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using testing::TemporaryFolder;

/// 3,000 KiB and 500 KiB of swap.
constexpr const char* kMeminfo =
    "MemTotal:       24000 kB\nMemFree:         1000 kB\nMemAvailable:    3000 kB\n"
    "SwapTotal:       2000 kB\nSwapFree:         500 kB\nHugePages_Total:    0\n";
constexpr uint64_t kKib = 1024;

/// A made-up system in whose group /a/b this process is.
struct System {
  TemporaryFolder root;

  explicit System(const std::string& groups = "0::/a/b\n") {
    root.write("proc/meminfo", kMeminfo);
    root.write("proc/self/cgroup", groups);
  }
  void group(const std::string& file, const std::string& content) const {
    root.write("sys/fs/cgroup/" + file, content);
  }
  void group(const std::string& file, uint64_t kibibytes) const {
    group(file, std::to_string(kibibytes * kKib) + "\n");
  }
  /// @return KiB
  uint64_t available() const { return available_memory(root.path()).value() / kKib; }
};

TEST(AvailableMemory, IsWhatTheSystemCanGiveAndItsSwap) {
  const System system;
  EXPECT_EQ(system.available(), 3'500U);
}

TEST(AvailableMemory, IsUnknownWhereTheSystemDoesNotSay) {
  const TemporaryFolder empty, other;
  other.write("proc/meminfo", "MemTotal: 24 kB\n");
  EXPECT_EQ(available_memory(empty.path()), std::nullopt);
  EXPECT_EQ(available_memory(other.path()), std::nullopt);
}

TEST(AvailableMemory, IsWhatTheGroupHasLeft) {
  const System system;
  system.group("a/b/memory.max", 2'000);
  system.group("a/b/memory.current", 1'500);
  EXPECT_EQ(system.available(), 500U + 500U);
  system.group("a/b/memory.stat", "anon 7\ninactive_file 102400\nactive_file 102400\n");  // 200 KiB
  EXPECT_EQ(system.available(), 700U + 500U);
  system.group("a/b/memory.current", 2'300);  // of a limit that was lowered
  EXPECT_EQ(system.available(), 0U + 500U);
}

TEST(AvailableMemory, IsThatOfTheNarrowestGroupAround) {
  const System system;
  system.group("a/b/memory.max", "max\n");
  system.group("a/b/memory.current", 10);
  system.group("a/memory.max", 1'000);
  system.group("a/memory.current", 900);
  system.group("a/other/memory.max", 1);  // none of ours
  EXPECT_EQ(system.available(), 100U + 500U);
}

TEST(AvailableMemory, IsThatOfAContainerThatSeesItsOwnGroupAlone) {
  const System system("0::/system.slice/docker-12.scope\n");
  system.group("memory.max", 1'000);
  system.group("memory.current", 400);
  EXPECT_EQ(system.available(), 600U + 500U);
}

TEST(AvailableMemory, HasTheSwapThatTheGroupAllows) {
  const System system;
  system.group("a/b/memory.swap.max", "0\n");
  EXPECT_EQ(system.available(), 3'000U);
  system.group("a/b/memory.swap.max", 300);
  system.group("a/b/memory.swap.current", 100);
  EXPECT_EQ(system.available(), 3'000U + 200U);
  system.group("a/b/memory.swap.max", "max\n");
  EXPECT_EQ(system.available(), 3'500U);
}

TEST(AvailableMemory, IsThatOfAGroupOfVersion1) {
  const System system("5:devices:/x\n4:cpu,memory:/a/b\n1:name=systemd:/a\n0::/\n");
  system.group("memory/memory.limit_in_bytes", "9223372036854771712\n");  // none
  system.group("memory/a/memory.limit_in_bytes", 2'000);
  system.group("memory/a/memory.usage_in_bytes", 1'800);
  system.group("memory/a/memory.stat", "inactive_file 1024\ntotal_inactive_file 102400\n");
  EXPECT_EQ(system.available(), 300U + 500U);
  system.group("memory/a/memory.memsw.limit_in_bytes", 2'100);
  system.group("memory/a/memory.memsw.usage_in_bytes", 1'800);
  EXPECT_EQ(system.available(), 400U);
}

}  // namespace
}  // namespace bernoulli

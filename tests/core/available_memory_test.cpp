#include "core/available_memory.h"

#include <sstream>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(AvailableMemory, IsWhatTheSystemCanGiveAndItsSwap) {
  std::istringstream meminfo(
      "MemTotal:       24000000 kB\nMemFree:         1000000 kB\nMemAvailable:    3000000 kB\n"
      "SwapTotal:       2000000 kB\nSwapFree:          500000 kB\nHugePages_Total:       0\n");
  EXPECT_EQ(available_memory_of(meminfo), 3'500'000ULL * 1024);
}

TEST(AvailableMemory, IsUnknownWhereTheSystemDoesNotSay) {
  std::istringstream empty, other("MemTotal: 24 kB\n");
  EXPECT_EQ(available_memory_of(empty), std::nullopt);
  EXPECT_EQ(available_memory_of(other), std::nullopt);
}

}  // namespace
}  // namespace bernoulli

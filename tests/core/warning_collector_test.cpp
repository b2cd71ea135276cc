#include "core/warning_collector.h"

#include <thread>

#include <gtest/gtest.h>

#include "core/log.h"

namespace bernoulli {
namespace {

TEST(WarningCollector, KeepsWhatItsThreadIsWarnedOf) {
  ::testing::internal::CaptureStderr();
  {
    const WarningCollector collector;
    log_warning("first \x1b[2J");
    log_warning("second");
    EXPECT_EQ(collector.text(), "first \\x1b[2J\nsecond");
    std::thread([] { log_warning("of another thread"); }).join();
  }
  log_warning("afterwards");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: of another thread\nwarning: afterwards\n");
}

TEST(WarningCollector, LeavesItsThreadToTheOneAroundIt) {
  const WarningCollector outer;
  log_warning("before");
  {
    const WarningCollector inner;
    log_warning("within");
    EXPECT_EQ(inner.text(), "within");
  }
  log_warning("behind");
  EXPECT_EQ(outer.text(), "before\nbehind");
}

}  // namespace
}  // namespace bernoulli

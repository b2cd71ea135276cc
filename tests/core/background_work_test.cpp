#include "core/background_work.h"

#include <future>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/stop.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

void fail() { throw std::runtime_error("the disk is full"); }

TEST(BackgroundWork, GoesOnBesideItsOwnerUntilThatWaits) {
  std::promise<void> owner_goes_on;
  bool done = false;
  BackgroundWork work;
  work.start([&] {
    owner_goes_on.get_future().wait();
    done = true;
  });
  owner_goes_on.set_value();
  work.wait();
  EXPECT_TRUE(done);
  work.wait();  // nothing is left to wait for
}

TEST(BackgroundWork, StartsOneAfterTheOther) {
  std::string order;
  BackgroundWork work;
  for (const char name : {'a', 'b', 'c'}) work.start([&order, name] { order += name; });
  work.wait();
  EXPECT_EQ(order, "abc");
}

TEST(BackgroundWork, ThrowsOnceWhatTheWorkThrew) {
  BackgroundWork work;
  work.start(fail);
  EXPECT_THROW(work.wait(), std::runtime_error);
  work.wait();
  work.rethrow_failure();
}

TEST(BackgroundWork, DoesNotStartAfterAFailureThatNobodyHeardOf) {
  BackgroundWork work;
  work.start(fail);
  bool started = false;
  EXPECT_THROW(work.start([&] { started = true; }), std::runtime_error);
  EXPECT_FALSE(started);
  work.start([&] { started = true; });
  work.wait();
  EXPECT_TRUE(started);
}

TEST(BackgroundWork, TellsOfAFailureWithoutWaiting) {
  BackgroundWork work;
  std::promise<void> may_end;
  work.start([&] { may_end.get_future().wait(); });
  work.rethrow_failure();  // it is not over, and has not failed
  may_end.set_value();
  work.wait();
  work.start(fail);
  const auto until_told = [&] {
    while (true) work.rethrow_failure();
  };
  EXPECT_THROW(until_told(), std::runtime_error);
}

TEST(BackgroundWork, EndsWithItsOwnerAndWarnsOfWhatFailed) {
  bool done = false;
  ::testing::internal::CaptureStderr();
  {
    BackgroundWork work;
    work.start([&] {
      done = true;
      fail();
    });
  }
  EXPECT_TRUE(done);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("warning: the disk is full"));
}

TEST(BackgroundWork, AStopThatNobodyWaitedForEndsNothingElse) {
  ::testing::internal::CaptureStderr();
  {
    BackgroundWork work;
    work.start([] { throw StopRequested{15}; });
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("warning: a stop was asked for"));
}

}  // namespace
}  // namespace bernoulli

#include "infer/lent_states.h"

#include <atomic>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

/// As large as it says.
struct Claim {
  size_t size = 0;
  size_t bytes() const { return size; }
};

using Pool = LentStates<Claim>;

TEST(LentStates, KeepsStatesButNotThoseOfALongText) {
  Pool pool;
  const auto lend = [&](size_t then) { return std::exchange(Pool::Loan(pool).state().size, then); };
  EXPECT_EQ(lend(Pool::kMostBytesKept), 0u);
  EXPECT_EQ(lend(Pool::kMostBytesKept + 1), Pool::kMostBytesKept);
  EXPECT_EQ(lend(7), 0u);
  EXPECT_EQ(lend(7), 7u);
}

TEST(LentStates, KeepsAsManyAsWereLentAtOnce) {
  Pool pool;
  {
    Pool::Loan one(pool), large(pool), two(pool);
    one.state().size = 1;
    large.state().size = Pool::kMostBytesKept + 1;
    two.state().size = 2;
  }
  Pool::Loan first(pool), second(pool), third(pool);
  EXPECT_EQ(first.state().size, 1u);  // given back last
  EXPECT_EQ(second.state().size, 2u);
  EXPECT_EQ(third.state().size, 0u);
}

/// A child has the lock as the thread left it that only its parent has.
TEST(LentStates, LendInAProcessThatWasForkedWhileAThreadBorrowed) {
  Pool pool;
  std::atomic<bool> done = false;
  std::thread borrower([&] {
    while (!done) Pool::Loan(pool).state().size = 1;
  });
  int ended = 0;
  constexpr int kForks = 200;
  for (int i = 0; i < kForks; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);  // where it would wait for ever
      Pool::Loan(pool).state().size = 2;
      ::_exit(0);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ended += status == 0 ? 1 : 0;
  }
  done = true;
  borrower.join();
  EXPECT_EQ(ended, kForks);
}

}  // namespace
}  // namespace bernoulli

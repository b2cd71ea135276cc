#include "infer/lent_states.h"

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

}  // namespace
}  // namespace bernoulli

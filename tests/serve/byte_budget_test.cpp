#include "serve/byte_budget.h"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace bernoulli::serve::testing {
namespace {

TEST(ByteBudget, IsGivenBackWithTheAnswer) {
  ByteBudget budget(100'000);
  std::optional<ByteBudget::Share> first(std::in_place), second(std::in_place);
  ByteBudget::Share third;
  EXPECT_TRUE(budget.take(60'000, *first));
  EXPECT_FALSE(budget.take(40'001, third));
  EXPECT_TRUE(budget.take(40'000, *second));
  EXPECT_TRUE(budget.is_full());
  ByteBudget::Share moved = std::move(*second);
  second.reset();
  EXPECT_TRUE(budget.is_full());
  moved = {};
  EXPECT_FALSE(budget.is_full());
  first.reset();
  EXPECT_TRUE(budget.take(100'000, third));
}

TEST(ByteBudget, HasRoomForSmallAnswersAndForOneThatIsAlone) {
  ByteBudget budget(20'000);
  ByteBudget::Share small, large, other;
  EXPECT_TRUE(budget.take(1'000'000, large));
  EXPECT_TRUE(budget.take(16'384, small));
  EXPECT_FALSE(budget.take(16'385, other));
}

TEST(ByteBudget, GetsBackWhatABodyDoesNotNeed) {
  ByteBudget budget(100'000);
  ByteBudget::Share first, second;
  EXPECT_TRUE(budget.take(100'000, first));
  first.shrink_to(200'000);
  EXPECT_TRUE(budget.is_full());
  first.shrink_to(30'000);
  EXPECT_FALSE(budget.take(70'001, second));
  EXPECT_TRUE(budget.take(70'000, second));
  first = {};
  second.shrink_to(0);
  EXPECT_TRUE(budget.take(100'000, first));
}

TEST(ByteBudget, IsAPartOfTheMemoryThatIsLeft) {
  EXPECT_EQ(part_of_memory(1000, 4, 300), 250u);
  EXPECT_EQ(part_of_memory(1000, 2, 300), 300u);
  EXPECT_EQ(part_of_memory(0, 2, 300), 1u);
  EXPECT_EQ(part_of_memory(std::nullopt, 2, 300), 300u);
}

}  // namespace
}  // namespace bernoulli::serve::testing

#include "serve/answer_budget.h"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace bernoulli::serve::testing {
namespace {

TEST(AnswerBudget, IsGivenBackWithTheAnswer) {
  AnswerBudget budget(100'000);
  std::optional<AnswerBudget::Share> first(std::in_place), second(std::in_place);
  AnswerBudget::Share third;
  EXPECT_TRUE(budget.take(60'000, *first));
  EXPECT_FALSE(budget.take(40'001, third));
  EXPECT_TRUE(budget.take(40'000, *second));
  EXPECT_TRUE(budget.is_full());
  AnswerBudget::Share moved = std::move(*second);
  second.reset();
  EXPECT_TRUE(budget.is_full());
  moved = {};
  EXPECT_FALSE(budget.is_full());
  first.reset();
  EXPECT_TRUE(budget.take(100'000, third));
}

TEST(AnswerBudget, HasRoomForSmallAnswersAndForOneThatIsAlone) {
  AnswerBudget budget(20'000);
  AnswerBudget::Share small, large, other;
  EXPECT_TRUE(budget.take(1'000'000, large));
  EXPECT_TRUE(budget.take(16'384, small));
  EXPECT_FALSE(budget.take(16'385, other));
}

}  // namespace
}  // namespace bernoulli::serve::testing

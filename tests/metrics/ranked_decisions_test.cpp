#include "metrics/ranked_decisions.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(RankedDecisions, LeaveOutOfTheRankingWhatWasNotDrawn) {
  const RankedDecisions ranked({{{3, 1, true, true}, {2, 0.5, false, true}, {1, 1, true, false}}});
  const RankedDecisions::Weighed drawn = ranked.weigh({0, 2, 0});
  ASSERT_EQ(drawn.ranking.size(), 1u);
  EXPECT_EQ(drawn.ranking[0].logit, 2);
  EXPECT_EQ(drawn.ranking[0].negative, 1) << "twice a half";
  EXPECT_EQ(drawn.counts.false_positives, 1);
  EXPECT_EQ(ranked.weigh({1, 1, 1}).ranking.size(), 3u);
}

}  // namespace
}  // namespace bernoulli

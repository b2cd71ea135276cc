#include "metrics/target_counts.h"

#include <vector>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(TargetCounts, AreThoseOfEachColumn) {
  const std::vector<float> targets = {1, 0, 1, 0, 0, 1, 1, 0, 1};
  const std::vector<TargetCounts> counts = count_targets(targets, 3);
  ASSERT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts[0].positive, 2);
  EXPECT_EQ(counts[0].negative, 1);
  EXPECT_TRUE(counts[0].has_both());
  EXPECT_EQ(counts[1].positive, 0);
  EXPECT_EQ(counts[1].negative, 3);
  EXPECT_FALSE(counts[1].has_both());
  EXPECT_EQ(counts[2].negative, 0);
  EXPECT_FALSE(counts[2].has_both());
}

}  // namespace
}  // namespace bernoulli

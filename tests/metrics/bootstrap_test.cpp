#include "metrics/bootstrap.h"

#include <numeric>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

/// Where the first `size` of the resamples have the figures 0, 1, 2, ...
Interval of_the_first(int64_t size) {
  std::vector<double> figures(static_cast<size_t>(size));
  std::iota(figures.begin(), figures.end(), 0);
  return percentile_interval(figures);
}

TEST(PercentileInterval, NeedsTheFigureOfNinetyFiveResamplesInAHundred) {
  static_assert(kNumResamples == 1000);
  EXPECT_EQ(of_the_first(949).undefined_reason,
            "too few examples: more than 5 % of the resamples lack the metric");
  const Interval enough = of_the_first(950);
  EXPECT_EQ(enough.undefined_reason, "");
  EXPECT_NEAR(enough.low.value(), 0.025 * 949, 1e-9);
  EXPECT_NEAR(enough.high.value(), 0.975 * 949, 1e-9);
}

}  // namespace
}  // namespace bernoulli

// scipy's figures: golden/significance.json and the script beside it.

#include "metrics/significance.h"

#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace bernoulli {
namespace {

nlohmann::json scipy_values() {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/significance.json");
  return nlohmann::json::parse(file);
}

/// Relative, so that tiny p values are held to their digits too.
void expect_close(double got, double expected, double tolerance) {
  EXPECT_NEAR(got, expected, tolerance * std::fabs(expected) + 1e-300);
}

TEST(Significance, PairedTTestIsThatOfScipy) {
  const auto cases = scipy_values()["t_tests"];
  ASSERT_EQ(cases.size(), 7u);
  for (const auto& one : cases) {
    const PairedTTest test = paired_t_test(one["baseline"], one["values"]);
    expect_close(test.t.value(), one["t"], 1e-9);
    expect_close(test.p.value(), one["p"], 1e-9);
  }
}

TEST(Significance, McNemarIsThatOfScipy) {
  const auto cases = scipy_values()["mcnemar"];
  ASSERT_EQ(cases.size(), 11u);
  for (const auto& one : cases) expect_close(mcnemar_p(one["first"], one["second"]), one["p"], 1e-9);
}

TEST(Significance, IncompleteBetaIsThatOfScipy) {
  const auto cases = scipy_values()["incomplete_beta"];
  ASSERT_EQ(cases.size(), 160u);
  for (const auto& one : cases)
    EXPECT_NEAR(incomplete_beta(one["a"], one["b"], one["x"]), one["value"], 1e-12) << one.dump();
}

TEST(Significance, BoundsOfAShareAreThoseOfScipy) {
  const auto cases = scipy_values()["share_bounds"];
  ASSERT_EQ(cases.size(), 55u);
  for (const auto& one : cases) {
    const double bound = share_lower_bound(one["hits"], one["trials"], one["confidence"]);
    EXPECT_NEAR(bound, one["low"], 1e-10) << one.dump();
  }
  EXPECT_DOUBLE_EQ(share_lower_bound(5, 5, 0.975), std::pow(0.025, 1.0 / 5))
      << "by hand: p^5 = 1 - confidence";
}

TEST(Significance, SaysNothingWhereDifferencesDoNotVary) {
  const PairedTTest same = paired_t_test({0.5, 0.5}, {0.75, 0.75});
  EXPECT_EQ(same.mean_difference, 0.25);
  EXPECT_FALSE(same.t || same.p);
  EXPECT_FALSE(paired_t_test({0.5}, {0.75}).p);
  EXPECT_FALSE(paired_t_test({0.5}, {std::nan("")}).p);
  EXPECT_FALSE(paired_t_test({0, 0}, {0, 0}).p);
  const PairedTTest rounded = paired_t_test({0.1, 0.2, 0.3}, {0.2, 0.3, 0.4});  // but for the last bit
  EXPECT_NEAR(rounded.mean_difference, 0.1, 1e-15);
  EXPECT_FALSE(rounded.t || rounded.p);
  EXPECT_LT(paired_t_test({0.1, 0.2, 0.3}, {0.2, 0.3, 0.4 + 1e-10}).p.value(), 1e-6);
  EXPECT_THROW(paired_t_test({0.5}, {}), InternalError);
}

TEST(Significance, SpreadByHand) {
  const Spread spread = spread_of({1, 2, 3, 6});
  EXPECT_DOUBLE_EQ(spread.mean, 3);
  EXPECT_DOUBLE_EQ(spread.deviation.value(), std::sqrt(14.0 / 3));
  EXPECT_EQ(spread_of({4}).deviation, std::nullopt);
}

}  // namespace
}  // namespace bernoulli

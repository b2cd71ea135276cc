#include "metrics/decision.h"

#include <cmath>

#include <gtest/gtest.h>

#include "metrics/metrics_fixture.h"

namespace bernoulli {
namespace {

using testing::kInfinity;
using testing::kNaN;

TEST(Sigmoid, AgreesWithLongDouble) {
  for (double z = -740; z <= 740; z += 0.37) {
    const long double reference = 1 / (1 + std::exp(-static_cast<long double>(z)));
    EXPECT_NEAR(sigmoid(z), static_cast<double>(reference), 4e-16 * static_cast<double>(reference)) << z;
  }
  EXPECT_EQ(sigmoid(0), 0.5);
  EXPECT_EQ(sigmoid(-HUGE_VAL), 0);
  EXPECT_EQ(sigmoid(HUGE_VAL), 1);
}

TEST(Decision, IsStrictlyAboveTheThreshold) {
  EXPECT_FALSE(is_positive(0, 0.5));
  EXPECT_TRUE(is_positive(1e-6f, 0.5));
  EXPECT_FALSE(is_positive(1e-9f, 0.5));  // its float32 probability is 0.5
  EXPECT_FALSE(is_positive(17, 1.0));
  EXPECT_TRUE(is_positive(17, std::nextafter(1.0, 0)));  // its float32 probability is 1
  EXPECT_FALSE(is_positive(-kInfinity, 0));
  EXPECT_TRUE(is_positive(-88, 0));
  EXPECT_FALSE(is_positive(kNaN, 0.5));
}

TEST(Decision, ReachesOneAndZeroWhereFloat32Does) {
  const auto saturation = static_cast<float>(24 * std::log(2.0));
  EXPECT_LT(probability(std::nextafter(saturation, 0.0f)), 1);
  EXPECT_EQ(probability(std::nextafter(saturation, 20.0f)), 1);
  EXPECT_GT(probability(-88.7f), 0);
  EXPECT_EQ(probability(-88.8f), 0);
}

TEST(Decision, IsWithinTwoRoundingsOfTheExactSigmoid) {
  for (float z = -80; z <= 80; z += 0.013f) {
    const double exact = sigmoid(double{z});
    EXPECT_NEAR(double{probability(z)}, exact, 2.4e-7 * exact) << z;
  }
}

}  // namespace
}  // namespace bernoulli

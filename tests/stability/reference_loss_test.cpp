#include "stability/reference_loss.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bernoulli::stability {
namespace {

using Mode = LossConfig::Mode;

ReferenceLoss plain(long double z, long double y) { return reference_loss({}, Mode::kBceWithLogits, z, y); }

TEST(ReferenceLoss, KnownValues) {
  EXPECT_NEAR(static_cast<double>(plain(0, 0).loss), std::log(2.0), 1e-16);
  EXPECT_EQ(plain(0, 1).gradient, -0.5L);
  EXPECT_EQ(plain(0, 0.5L).gradient, 0.0L);
  EXPECT_EQ(plain(0, 0.5L).gradient_scale, 0.5L);
}

TEST(ReferenceLoss, KeepsTheTinyAndTheLarge) {
  EXPECT_EQ(plain(700, 0).loss, 700.0L);
  EXPECT_EQ(plain(700, 0).gradient, 1.0L);
  const long double tiny = std::exp(-100.0L);  // log1p(e^-100) is e^-100 to 44 digits
  EXPECT_NEAR(static_cast<double>(plain(-100, 0).loss / tiny), 1, 1e-17);
  EXPECT_NEAR(static_cast<double>(plain(100, 1).gradient / tiny), -1, 1e-17);
}

TEST(ReferenceLoss, IsSymmetric) {
  for (const long double z : {0.3L, 5.0L, 40.0L, 300.0L}) {
    EXPECT_EQ(plain(z, 0.25L).loss, plain(-z, 0.75L).loss);
    EXPECT_EQ(plain(z, 0.25L).gradient, -plain(-z, 0.75L).gradient);
  }
}

/// Central differences of the loss are an oracle of the gradient that shares none of its formulas.
TEST(ReferenceLoss, GradientIsTheSlope) {
  LossConfig config;
  config.label_smoothing = 0.1;
  config.alpha = 0.25;
  config.gamma = 1.5;
  const long double h = 1e-6L;
  for (const Mode mode : {Mode::kSigmoidBce, Mode::kFocalWithLogits}) {
    for (const long double z : {-8.0L, -1.0L, 0.0L, 0.7L, 6.0L}) {
      for (const long double y : {0.0L, 1.0L, 0.3L}) {
        const long double slope =
            (reference_loss(config, mode, z + h, y).loss - reference_loss(config, mode, z - h, y).loss) /
            (2 * h);
        EXPECT_NEAR(static_cast<double>(reference_loss(config, mode, z, y).gradient),
                    static_cast<double>(slope), 1e-10);
      }
    }
  }
}

}  // namespace
}  // namespace bernoulli::stability

#include <cmath>
#include <functional>
#include <limits>
#include <tuple>

#include <gtest/gtest.h>

#include "config/loss_mode.h"
#include "loss/loss_fixture.h"

namespace bernoulli {
namespace {

using Real = long double;

Real softplus(Real x) { return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::fabs(x))); }
Real sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
Real cross_entropy(Real z, Real y) { return y * softplus(-z) + (1 - y) * softplus(z); }

constexpr double kGamma = 2, kAlpha = 0.25;
Real focal(Real z, Real y) {
  const Real wrong = sigmoid(z) * (1 - y) + sigmoid(-z) * y;
  return (kAlpha * y + (1 - kAlpha) * (1 - y)) * std::pow(wrong, Real{kGamma}) * cross_entropy(z, y);
}

Real slope(Real (*loss)(Real, Real), Real z, Real y) {
  constexpr Real h = 1e-6L;
  return (loss(z + h, y) - loss(z - h, y)) / (2 * h);
}

/// Compares with the reference from -bound to bound for y in {0, 1, 0.3}; `rounding(z, y)` is in units of the
/// dtype's epsilon.
void expect_reference(LossConfig config, Real (*reference)(Real, Real), double bound,
                      const std::function<double(double, double)>& rounding, at::ScalarType dtype) {
  config.gamma = kGamma;
  if (config.mode == Mode::kFocalWithLogits) config.alpha = kAlpha;
  const double epsilon =
      dtype == at::kFloat ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  for (double z = -bound; z <= bound; z += 0.25) {
    for (const double y : {0.0, 1.0, 0.3}) {
      const double seen = dtype == at::kFloat ? double{static_cast<float>(y)} : y;
      const auto [loss, gradient] = evaluate_one(config, z, y, dtype);
      const double tolerance = epsilon * rounding(z, y);
      EXPECT_NEAR(loss, static_cast<double>(reference(z, seen)), tolerance)
          << to_string(config.mode) << " " << z << " " << y;
      EXPECT_NEAR(gradient, static_cast<double>(slope(reference, z, seen)), tolerance + 1e-9)
          << to_string(config.mode) << " " << z << " " << y;
    }
  }
}

TEST(BceWithLogits, IsExactToRoundingEverywhere) {
  const auto rounding = [](double z, double) { return 2 * std::max(1.0, std::fabs(z)); };
  expect_reference(loss_config(Mode::kBceWithLogits), cross_entropy, 120, rounding, at::kFloat);
  expect_reference(loss_config(Mode::kBceWithLogits), cross_entropy, 120, rounding, at::kDouble);
}

TEST(FocalWithLogits, IsExactToRoundingEverywhere) {
  const auto rounding = [](double z, double) { return 4 * std::max(1.0, std::fabs(z)); };
  expect_reference(loss_config(Mode::kFocalWithLogits), focal, 120, rounding, at::kFloat);
  expect_reference(loss_config(Mode::kFocalWithLogits), focal, 120, rounding, at::kDouble);
}

TEST(FocalWithLogits, IsBceWithLogitsWhereGammaIs0) {
  LossConfig config = loss_config(Mode::kFocalWithLogits);
  config.gamma = 0;
  for (const double z : {-120.0, -3.0, 0.0, 3.0, 120.0}) {
    for (const double y : {0.0, 1.0, 0.3}) {
      EXPECT_EQ(evaluate_one(config, z, y), evaluate_one(loss_config(Mode::kBceWithLogits), z, y))
          << z << " " << y;
    }
  }
}

TEST(FocalWithLogits, HasAFiniteGradientWhereTheErrorUnderflows) {
  for (const double gamma : {0.1, 0.5, 1.0, 5.0}) {
    LossConfig config = loss_config(Mode::kFocalWithLogits);
    config.gamma = gamma;
    const auto [loss, gradient] = evaluate_one(config, -120, 0);
    EXPECT_NEAR(loss, 0, 1e-6) << gamma;
    EXPECT_EQ(gradient, 0) << gamma;
    EXPECT_NEAR(evaluate_one(config, 120, 0).second, 1, 1e-6) << gamma;
  }
}

// 1-p keeps its digits only below the point where p rounds to 1: the error of a negative entry grows with
// exp(z).
double rounding_of_probabilities(double z, double y) {
  return 2 * std::max(1.0, std::fabs(z)) + (y < 1 ? 2 * std::exp(z) : 0);
}

// In float64 the end is |z| = 27.6: from there on the kernel's backward divides by 1e-12 instead of p(1-p).
TEST(SigmoidBce, IsExactToTheRoundingOfProbabilities) {
  expect_reference(loss_config(Mode::kSigmoidBce), cross_entropy, 15, rounding_of_probabilities, at::kFloat);
  expect_reference(loss_config(Mode::kSigmoidBce), cross_entropy, 27, rounding_of_probabilities, at::kDouble);
}

TEST(SigmoidBceClipped, IsExactInsideItsRange) {
  expect_reference(loss_config(Mode::kSigmoidBceClipped), cross_entropy, 15, rounding_of_probabilities,
                   at::kFloat);
  expect_reference(loss_config(Mode::kSigmoidBceClipped), cross_entropy, 16, rounding_of_probabilities,
                   at::kDouble);
}

// Near a loss of 0 the probability form is the more accurate one.
TEST(SigmoidBce, KeepsTinyLossesThatBceWithLogitsRoundsTo0) {
  EXPECT_EQ(evaluate_one(loss_config(Mode::kBceWithLogits), -30, 0).first, 0);
  EXPECT_NEAR(evaluate_one(loss_config(Mode::kSigmoidBce), -30, 0).first, 9.3576e-14, 1e-18);
}

struct Row {
  double z, y;
  std::pair<double, double> logits, probabilities, clipped;  ///< {loss, dL/dz}
};

// A probability saturates at both ends, not alike: dead above +16.7 for y = 0, fading below -27.6 for y = 1.
TEST(Modes, LoseTheGradientWhereTheProbabilitySaturates) {
  const Row rows[] = {
      {16, 0, {16, 1}, {15.942, 1}, {15.942, 1}},     {17, 0, {17, 1}, {100, 0}, {15.942, 0}},
      {50, 0, {50, 1}, {100, 0}, {15.942, 0}},        {-28, 1, {28, -1}, {28, -0.691}, {16.118, 0}},
      {-30, 1, {30, -1}, {30, -0.0936}, {16.118, 0}}, {-50, 1, {50, -1}, {50, -1.93e-10}, {16.118, 0}},
      {-110, 1, {110, -1}, {100, 0}, {16.118, 0}},
  };
  for (const Row& row : rows) {
    for (const auto& [mode, expected] : {std::pair{Mode::kBceWithLogits, row.logits},
                                         {Mode::kSigmoidBce, row.probabilities},
                                         {Mode::kSigmoidBceClipped, row.clipped}}) {
      const auto [loss, gradient] = evaluate_one(loss_config(mode), row.z, row.y);
      EXPECT_NEAR(loss, expected.first, 1e-3) << to_string(mode) << " " << row.z;
      if (expected.second == 0) {
        EXPECT_EQ(gradient, 0) << to_string(mode) << " " << row.z;
      } else {
        EXPECT_NEAR(gradient / expected.second, 1, 2e-3) << to_string(mode) << " " << row.z;
      }
    }
  }
}

TEST(Modes, GiveNanForANanLogitAndOnlyThere) {
  for (const Mode mode : kEveryMode) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto [losses, gradients] =
        evaluate(*make_loss(loss_config(mode), {2.0}, 2), matrix({nan, 1, 2, nan}, 2, at::kFloat),
                 matrix({0, 1, 0, 1}, 2, at::kFloat));
    for (const size_t i : {0u, 3u}) EXPECT_TRUE(std::isnan(losses[i])) << to_string(mode);
    for (const size_t i : {1u, 2u})
      EXPECT_TRUE(std::isfinite(losses[i]) && std::isfinite(gradients[i])) << to_string(mode);
  }
}

TEST(Modes, AgreeWhereNothingSaturates) {
  std::vector<double> logits, targets;
  for (double z = -10; z <= 10; z += 0.5) {
    for (const double y : {0.0, 1.0, 0.3, 0.9}) {
      logits.push_back(z);
      targets.push_back(y);
    }
  }
  for (const double smoothing : {0.0, 0.2}) {
    LossConfig config = loss_config(Mode::kBceWithLogits);
    config.label_smoothing = smoothing;
    const at::Tensor z = matrix(logits, 4, at::kDouble), y = matrix(targets, 4, at::kDouble);
    const auto expected = evaluate(*make_loss(config, {0.1, 2, 1, 30}, 4), z, y);
    for (const Mode mode : {Mode::kSigmoidBce, Mode::kSigmoidBceClipped}) {
      config.mode = mode;
      const auto got = evaluate(*make_loss(config, {0.1, 2, 1, 30}, 4), z, y);
      for (size_t i = 0; i < logits.size(); ++i) {
        EXPECT_NEAR(got.losses[i], expected.losses[i], 1e-9) << to_string(mode) << " " << i;
        EXPECT_NEAR(got.gradients[i], expected.gradients[i], 1e-9) << to_string(mode) << " " << i;
      }
    }
  }
}

TEST(Modes, WeighPositivesByPosWeight) {
  for (const Mode mode : {Mode::kBceWithLogits, Mode::kSigmoidBce, Mode::kSigmoidBceClipped}) {
    const at::Tensor z = matrix({0, 0, 0, 0}, 2, at::kDouble), y = matrix({1, 1, 0, 0}, 2, at::kDouble);
    const double ln2 = std::log(2.0);
    const auto one = evaluate(*make_loss(loss_config(mode), {3}, 2), z, y).losses;
    const auto two = evaluate(*make_loss(loss_config(mode), {3, 0.1}, 2), z, y).losses;
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(one[i], (std::vector{3.0, 3.0, 1.0, 1.0}[i]) * ln2, 1e-15) << to_string(mode);
      EXPECT_NEAR(two[i], (std::vector{3.0, 0.1, 1.0, 1.0}[i]) * ln2, 1e-15) << to_string(mode);
    }
  }
}

TEST(Modes, PullSmoothedTargetsTowardsAHalf) {
  for (const Mode mode : {Mode::kBceWithLogits, Mode::kSigmoidBce, Mode::kSigmoidBceClipped}) {
    LossConfig config = loss_config(mode);
    config.label_smoothing = 0.2;
    // The gradient is p - y, and y is 0.9 instead of 1 and 0.1 instead of 0.
    EXPECT_NEAR(evaluate_one(config, 0, 1, at::kDouble).second, 0.5 - 0.9, 1e-15) << to_string(mode);
    EXPECT_NEAR(evaluate_one(config, 0, 0, at::kDouble).second, 0.5 - 0.1, 1e-15) << to_string(mode);
  }
}

}  // namespace
}  // namespace bernoulli

#include "stability/thresholds.h"

#include <cmath>
#include <limits>
#include <map>

#include <gtest/gtest.h>

#include "stability/curves.h"
#include "stability/number_line.h"

namespace bernoulli::stability {
namespace {

constexpr at::ScalarType kDtypes[] = {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf};

const std::vector<Threshold>& thresholds_of(at::ScalarType dtype) {
  static std::map<at::ScalarType, std::vector<Threshold>> found;
  auto [place, is_new] = found.try_emplace(dtype);
  if (is_new) place->second = find_thresholds(dtype, c10::Device(c10::kCPU));
  return place->second;
}

const Threshold& lookup(at::ScalarType dtype, const std::string& mode, double target,
                        const std::string& event, const std::string& side) {
  for (const Threshold& threshold : thresholds_of(dtype)) {
    if (threshold.mode == mode && threshold.target == target && threshold.event == event &&
        threshold.side == side)
      return threshold;
  }
  throw std::runtime_error("no entry for " + mode + " " + event + " " + side);
}

std::string words(const Threshold& t) {
  return t.mode + " " + t.dtype + " target " + std::to_string(t.target) + " " + t.event + " " + t.side;
}

/// Numbers of the dtype from one to the other.
double neighbours_apart(at::ScalarType dtype, double a, double b) {
  const uint64_t i = index_at_least(dtype, std::abs(a)), j = index_at_least(dtype, std::abs(b));
  return static_cast<double>(i > j ? i - j : j - i);
}

/// Measured with PyTorch 2.11 from Python and from the formulas, before this code existed.
TEST(StabilityThresholds, TheSigmoidReachesItsEndsWhereTheFormatsSay) {
  const double ln2 = std::log(2.0), infinity = std::numeric_limits<double>::infinity();
  const auto end = [](at::ScalarType dtype, const char* event, const char* side) {
    return *lookup(dtype, "sigmoid_bce", 0, event, side).logit;
  };
  const auto one = [&](at::ScalarType dtype) { return end(dtype, "probability_reaches_one", "+"); };
  const auto zero = [&](at::ScalarType dtype) { return end(dtype, "probability_reaches_zero", "-"); };
  EXPECT_NEAR(one(at::kDouble), 53 * ln2, 1e-14);
  EXPECT_NEAR(one(at::kFloat), 24 * ln2, 1e-6);  // neighbours are 2e-6 apart
  EXPECT_EQ(one(at::kBFloat16), 6.25);
  EXPECT_EQ(one(at::kHalf), 8.3203125);
  EXPECT_NEAR(zero(at::kDouble), std::nextafter(-1024 * ln2, -infinity), 3e-13);
  EXPECT_NEAR(zero(at::kFloat), -88.7228, 5e-5);
  EXPECT_EQ(zero(at::kBFloat16), -89.0);
  EXPECT_EQ(zero(at::kHalf), -17.34375);
}

TEST(StabilityThresholds, WhatProbabilitiesLoseAndLogitsKeep) {
  const auto at = [](const char* mode, double target, const char* event, const char* side) {
    return lookup(at::kFloat, mode, target, event, side).logit;
  };
  // A confident mistake: the logits mode never fails, the others do on both sides, each in its own way.
  for (const char* event : {"loss_off_1_percent", "gradient_off_1_percent", "gradient_exactly_zero",
                            "loss_clamped", "not_finite"}) {
    EXPECT_EQ(at("bce_with_logits", 0, event, "+"), std::nullopt) << event;
    EXPECT_EQ(at("bce_with_logits", 1, event, "-"), std::nullopt) << event;
  }
  EXPECT_NEAR(*at("sigmoid_bce", 0, "gradient_exactly_zero", "+"), 16.635532, 1e-6);
  EXPECT_NEAR(*at("sigmoid_bce", 0, "loss_clamped", "+"), 16.635532, 1e-6);
  EXPECT_NEAR(*at("sigmoid_bce", 1, "gradient_off_1_percent", "-"), -27.641073, 2e-6);
  EXPECT_NEAR(*at("sigmoid_bce", 1, "gradient_exactly_zero", "-"), -88.7228, 5e-5);
  EXPECT_NEAR(*at("sigmoid_bce_clipped", 1, "gradient_exactly_zero", "-"), -16.1181, 5e-5);
  EXPECT_NEAR(*at("sigmoid_bce_clipped", 0, "gradient_exactly_zero", "+"), 16.635532, 1e-6);
  // A confident right answer: here the probability form has the better loss, down to -88.
  EXPECT_NEAR(*at("bce_with_logits", 0, "loss_off_1_percent", "-"), -10.0, 0.2);
  EXPECT_NEAR(*at("sigmoid_bce", 0, "loss_off_1_percent", "-"), -88.7228, 5e-5);
  // float16 has no 1e-12: the gradient is infinite and NaN.
  EXPECT_EQ(lookup(at::kHalf, "sigmoid_bce", 1, "not_finite", "-").logit, -11.09375);
  EXPECT_EQ(lookup(at::kHalf, "sigmoid_bce", 0, "not_finite", "+").logit, 8.3203125);
}

/// Two neighbours of room: the exp of the vector kernels and the rounded loss may each move the last bit.
TEST(StabilityThresholds, AgreeWithEveryPrediction) {
  int compared = 0;
  for (const at::ScalarType dtype : kDtypes) {
    for (const Threshold& t : thresholds_of(dtype)) {
      if (!t.predicted) continue;
      ++compared;
      ASSERT_TRUE(t.logit) << words(t) << " predicted at " << *t.predicted << " did not happen";
      EXPECT_LE(neighbours_apart(dtype, *t.logit, *t.predicted), 2)
          << words(t) << ": measured " << *t.logit << ", predicted " << *t.predicted;
      EXPECT_EQ(*t.logit > 0, *t.predicted > 0) << words(t);
    }
  }
  EXPECT_GT(compared, 150);
}

TEST(StabilityThresholds, NothingBreaksUnpredictedExceptByRounding) {
  for (const at::ScalarType dtype : kDtypes) {
    for (const Threshold& t : thresholds_of(dtype)) {
      if (t.predicted || t.mode == "focal_with_logits" || t.event.ends_with("off_1_percent")) continue;
      EXPECT_EQ(t.logit, std::nullopt) << words(t);
    }
  }
}

TEST(StabilityThresholds, AreTheFirstNumberAndNotItsNeighbour) {
  for (const at::ScalarType dtype : kDtypes) {
    const Threshold& dead = lookup(dtype, "sigmoid_bce_clipped", 0, "gradient_exactly_zero", "-");
    const uint64_t index = index_at_least(dtype, -*dead.logit);
    const Curve curve =
        measure_curve({}, LossConfig::Mode::kSigmoidBceClipped, dtype, 0, c10::Device(c10::kCPU),
                      {-number_at(dtype, index - 1), -number_at(dtype, index)});
    EXPECT_NE(curve.points[0].gradient, 0) << words(dead);
    EXPECT_EQ(curve.points[1].gradient, 0) << words(dead);
    EXPECT_LT(curve.points[1].logit, curve.points[0].logit);
  }
}

}  // namespace
}  // namespace bernoulli::stability

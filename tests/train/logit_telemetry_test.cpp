#include "train/logit_telemetry.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "metrics/decision.h"

namespace bernoulli {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

DeadRange dead_range(LossConfig::Mode mode, std::vector<double> pos_weight = {}, int64_t num_labels = 1) {
  LossConfig config;
  config.mode = mode;
  return find_dead_range(*make_loss(config, pos_weight, num_labels), num_labels, c10::Device(c10::kCPU));
}

TEST(LogitTelemetry, LogitLossesHaveNoDeadRange) {
  for (const auto mode : {LossConfig::Mode::kBceWithLogits, LossConfig::Mode::kFocalWithLogits}) {
    EXPECT_EQ(dead_range(mode).negatives_from, kInfinity);
    EXPECT_EQ(dead_range(mode).positives_until, -kInfinity);
  }
}

TEST(LogitTelemetry, ProbabilityLossesDieWhereTheSigmoidRounds) {
  const DeadRange plain = dead_range(LossConfig::Mode::kSigmoidBce);
  EXPECT_NEAR(plain.negatives_from, 24 * std::log(2.0), 4e-6);  // two float32 numbers at most
  EXPECT_NEAR(plain.positives_until, -std::log(std::numeric_limits<float>::max()), 2e-5);
  const DeadRange clipped = dead_range(LossConfig::Mode::kSigmoidBceClipped);
  EXPECT_NEAR(clipped.negatives_from, 24 * std::log(2.0), 4e-6);
  EXPECT_NEAR(clipped.positives_until, std::log(1e-7), 1e-5);
}

TEST(LogitTelemetry, WeightsDoNotMoveTheDeadRange) {
  const DeadRange plain = dead_range(LossConfig::Mode::kSigmoidBce);
  const DeadRange weighted = dead_range(LossConfig::Mode::kSigmoidBce, {3.0, 0.5}, 2);
  EXPECT_EQ(weighted.negatives_from, plain.negatives_from);
  EXPECT_EQ(weighted.positives_until, plain.positives_until);
}

TEST(LogitTelemetry, SaturationLimitsAreThoseOfTheFloat32Sigmoid) {
  EXPECT_EQ(probability(kProbabilityOneFrom), 1.0f);
  EXPECT_LT(probability(std::nextafter(kProbabilityOneFrom, 0.0f)), 1.0f);
  EXPECT_EQ(probability(kProbabilityZeroUntil), 0.0f);
  EXPECT_GT(probability(std::nextafter(kProbabilityZeroUntil, 0.0f)), 0.0f);
}

TEST(LogitTelemetry, CountsEntriesByHand) {
  EncodedDataset data;
  data.num_labels = 2;
  data.targets = {0, 1, 1, 0, 0, 1};
  const std::vector<int64_t> examples = {2, 0};  // targets 0 1, 0 1
  // wrong, wrong, none; right, wrong, none
  const std::vector<float> logits = {17.0f, -20.0f, 99.0f, -90.0f, -90.0f, 99.0f};
  const DeadRange dead{16.7f, -88.8f};
  const LogitTelemetry seen = observe_logits(examples, logits.data(), 3, data, dead);
  EXPECT_EQ(seen.entries, 4);
  EXPECT_EQ(seen.saturated, 3);
  EXPECT_EQ(seen.wrong_and_dead, 2);
  EXPECT_EQ(seen.max_abs_logit, 90.0);
  LogitTelemetry sum = seen;
  sum += seen;
  EXPECT_EQ(sum.wrong_and_dead_share(), 0.5);
  EXPECT_EQ(sum.saturated_share(), 0.75);
}

}  // namespace
}  // namespace bernoulli

#include "metrics/decision.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

std::vector<bool> decided(const DecisionRule& rule, const std::vector<float>& logits) {
  const Decisions decisions(rule, logits);
  std::vector<bool> labels;
  for (size_t i = 0; i < logits.size(); ++i) labels.push_back(decisions[i]);
  return labels;
}

TEST(Decision, EachLabelHasItsThresholdOrThatOfAll) {
  EXPECT_THAT(decided({0.5}, {1, 0, 2}), ::testing::ElementsAre(true, false, true));
  EXPECT_THAT(decided({0.9, 0.4, 0.1}, {1, 0, -3}), ::testing::ElementsAre(false, true, false));
}

TEST(Decision, TheHighestIsOneLabelWhateverTheLogitsAre) {
  const DecisionRule highest = DecisionRule::highest();
  const auto is_the = [&](size_t place, const std::vector<float>& logits) {
    std::vector<bool> expected(logits.size(), false);
    expected[place] = true;
    EXPECT_EQ(decided(highest, logits), expected) << ::testing::PrintToString(logits);
  };
  is_the(1, {-9, -3, -5});
  is_the(0, {2, 2, 1});
  is_the(2, {17, 18, 19});  // their float32 probabilities are 1
  is_the(1, {-kInfinity, -200, -300});
  is_the(0, {-kInfinity, -kInfinity});
  is_the(1, {kNaN, -kInfinity, kNaN});
  is_the(2, {kNaN, 1, 2});
  is_the(0, {kNaN, kNaN});
  is_the(1, {1, kInfinity, kInfinity});
}

TEST(Decision, IsReadFromWhatWasWritten) {
  for (const DecisionRule& rule : {DecisionRule::highest(), DecisionRule{0.5}, DecisionRule{0.25, 0.75}})
    EXPECT_EQ(decision_rule_from_json(to_json(rule)), rule);
  EXPECT_EQ(to_json(DecisionRule::highest()).dump(), "\"highest\"");
  EXPECT_NE(decision_rule_from_json(nlohmann::ordered_json::array()), DecisionRule::highest());
  for (const char* wrong : {"\"lowest\"", "0.5", "null", "[\"highest\"]"})
    EXPECT_THROW(decision_rule_from_json(nlohmann::ordered_json::parse(wrong)), nlohmann::json::exception);
}

TEST(Decision, IsWithinTwoRoundingsOfTheExactSigmoid) {
  for (float z = -80; z <= 80; z += 0.013f) {
    const double exact = sigmoid(double{z});
    EXPECT_NEAR(double{probability(z)}, exact, 2.4e-7 * exact) << z;
  }
}

}  // namespace
}  // namespace bernoulli

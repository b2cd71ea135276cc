#include "metrics/logit_scaling.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "metrics/decision.h"
#include "metrics/metrics_fixture.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kInfinity;
using testing::kNaN;
using testing::Scored;

// Three of four right wherever the model answers 2 or -2: the honest logit is log(3), so T = 2 / log(3).
const Scored kThreeOfFour = {{1, 1, 1, 0, 0, 0, 0, 1}, {2, 2, 2, 2, -2, -2, -2, -2}};

double rounded(double value) { return static_cast<float>(value); }

FittedScaling fit(const Scored& scored, bool temperature, bool shift,
                  const std::vector<std::string>& names = {}) {
  MetricsConfig metrics;
  metrics.fits_temperature = temperature;
  metrics.fits_shift = shift;
  return fit_scaling(scored.view(), metrics, names);
}

std::vector<double> temperatures_of(const Scored& scored) {
  FittedScaling fitted = fit(scored, true, false);
  EXPECT_THAT(fitted.scaling.shifts, IsEmpty());
  return fitted.scaling.temperatures;
}

std::vector<std::string> left_alone(const Scored& scored, bool temperature, bool shift) {
  return fit(scored, temperature, shift).left_alone;
}

TEST(Temperature, MakesProbabilitiesTheSharesThatAreRight) {
  const FittedScaling fitted = fit(kThreeOfFour, true, false);
  EXPECT_THAT(fitted.scaling.temperatures, ElementsAre(rounded(2 / std::log(3.0))));
  EXPECT_THAT(fitted.left_alone, IsEmpty());
  Scored calibrated = kThreeOfFour;
  scale_logits(calibrated.logits, fitted.scaling);
  EXPECT_NEAR(probability(calibrated.logits[0]), 0.75, 1e-7);
  EXPECT_NEAR(testing::value(testing::binary_report(calibrated), "expected_calibration_error"), 0, 1e-7);
}

TEST(Temperature, OfCautiousLogitsIsBelowOne) {
  Scored cautious = kThreeOfFour;
  for (float& logit : cautious.logits) logit /= 16;
  EXPECT_THAT(temperatures_of(cautious), ElementsAre(rounded(2 / std::log(3.0) / 16)));
}

TEST(Temperature, OfHugeLogitsIsLarge) {
  Scored huge = kThreeOfFour;
  for (float& logit : huge.logits) logit *= 4096;  // every probability is 0 or 1
  EXPECT_THAT(temperatures_of(huge), ElementsAre(rounded(2 / std::log(3.0) * 4096)));
}

TEST(Temperature, CountsWeights) {
  Scored weighted = kThreeOfFour;
  weighted.weights = {1, 1, 1, 1, 1, 1, 1, 0};  // six of seven are right
  EXPECT_THAT(temperatures_of(weighted), ElementsAre(rounded(2 / std::log(6.0))));
}

TEST(Temperature, IsFittedForEachLabel) {
  Scored two{{}, {}, {}, 2};
  for (size_t i = 0; i < kThreeOfFour.logits.size(); ++i) {
    two.targets.insert(two.targets.end(), {kThreeOfFour.targets[i], kThreeOfFour.targets[i]});
    two.logits.insert(two.logits.end(), {kThreeOfFour.logits[i], 3 * kThreeOfFour.logits[i]});
  }
  const std::vector<double> temperatures = temperatures_of(two);
  EXPECT_THAT(temperatures, ElementsAre(rounded(2 / std::log(3.0)), rounded(6 / std::log(3.0))));
  scale_logits(two.logits, {temperatures, {}});
  EXPECT_NEAR(two.logits[0], std::log(3.0), 1e-6);
  EXPECT_NEAR(two.logits[15], -std::log(3.0), 1e-6);
}

TEST(Temperature, StaysOneWithAReasonWhereNoneIsBest) {
  const Scored one_class = {{1, 1}, {2, -1}};
  EXPECT_THAT(left_alone(one_class, true, false),
              ElementsAre("temperature left at 1: the validation data have no negative example"));
  const Scored perfect = {{1, 0}, {.5, -.5}};
  EXPECT_THAT(left_alone(perfect, true, false), ElementsAre(HasSubstr("hardly any answer is wrong")));
  EXPECT_THAT(temperatures_of(perfect), ElementsAre(1));
  const Scored reversed = {{0, 1}, {.5, -.5}};
  EXPECT_THAT(left_alone(reversed, true, false), ElementsAre(HasSubstr("say nothing of the label")));
  const Scored two = {{1, 1, 0, 0}, {1, 2, 1, 2}, {}, 2};
  EXPECT_THAT(fit(two, true, false, {"kind", "wild"}).left_alone,
              ElementsAre(HasSubstr("temperature for label 'kind' left at 1"),
                          HasSubstr("temperature for label 'wild' left at 1")));
}

/// With one example of each kind Platt's targets are 2/3 and 1/3, and two numbers meet both: logits of log 2
/// and -log 2.
TEST(Shift, MeetsPlattsTargets) {
  const Scored one_of_each = {{0, 1}, {0.5, 1.5}};
  const FittedScaling fitted = fit(one_of_each, true, true);
  EXPECT_THAT(fitted.scaling.temperatures, ElementsAre(rounded(1 / (2 * std::log(2.0)))));
  EXPECT_NEAR(fitted.scaling.shifts.at(0), -2 * std::log(2.0), 1e-6);
  EXPECT_THAT(fitted.left_alone, IsEmpty()) << "no wrong answer is needed";
  const FittedScaling alone = fit(one_of_each, false, true);
  EXPECT_THAT(alone.scaling.temperatures, IsEmpty());
  EXPECT_THAT(alone.scaling.shifts, ElementsAre(-1.0)) << "both as far from 1/2";
}

TEST(Shift, UndoesWhatWasAddedToEveryLogit) {
  Scored moved = kThreeOfFour;
  for (float& logit : moved.logits) logit += 4096;
  EXPECT_THAT(fit(moved, false, true).scaling.shifts, ElementsAre(-4096));
  const LogitScaling before = fit(kThreeOfFour, true, true).scaling, after = fit(moved, true, true).scaling;
  EXPECT_NEAR(before.shifts.at(0), 0, 1e-12);
  EXPECT_NEAR(after.temperatures.at(0), before.temperatures.at(0), 1e-6);
  scale_logits(moved.logits, after);
  Scored expected = kThreeOfFour;
  scale_logits(expected.logits, before);
  for (size_t i = 0; i < moved.logits.size(); ++i)
    EXPECT_NEAR(moved.logits[i], expected.logits[i], 3e-4) << "the last digit of 4096 / T";
}

TEST(Shift, IsFittedForEachLabelAndBesideATemperatureThatIsLeftAlone) {
  const Scored three{{1, 0, 1, 0, 1, 1, 1, 0, 1}, {.5f, -.5f, 2, -.5f, .5f, 2, 1, 2, 2}, {}, 3};
  const FittedScaling fitted = fit(three, true, true, {"kind", "odd", "same"});
  EXPECT_EQ(fitted.scaling.temperatures.at(1), 1);
  EXPECT_EQ(fitted.scaling.temperatures.at(2), 1);
  EXPECT_EQ(fitted.scaling.shifts.at(2), 0);
  EXPECT_NE(fitted.scaling.shifts.at(0), 0);
  EXPECT_NE(fitted.scaling.shifts.at(1), 0);
  EXPECT_THAT(
      fitted.left_alone,
      ElementsAre("temperature for label 'odd' left at 1: on the validation data the logits say nothing of "
                  "the label",
                  "temperature and shift for label 'same' left at 1 and 0: the validation data have no "
                  "negative example"));
  const Scored one_class = {{1, 1}, {2, -1}};
  EXPECT_THAT(left_alone(one_class, false, true),
              ElementsAre("shift left at 0: the validation data have no negative example"));
}

// golden/calibration.json and the script beside it.
TEST(Shift, AgreesWithScikitLearn) {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/calibration.json");
  const nlohmann::json cases = nlohmann::json::parse(file)["cases"];
  ASSERT_EQ(cases.size(), 7u);
  for (const nlohmann::json& one : cases) {
    SCOPED_TRACE(one["name"]);
    const Scored scored{one["targets"], one["logits"], one["weights"]};
    const LogitScaling both = fit(scored, true, true).scaling;
    const double factor = one["factor"], shift = one["shift"], alone = one["shift_alone"];
    EXPECT_NEAR(both.temperatures.at(0), 1 / factor, 1e-7 / factor);
    const double spread = std::abs(double{scored.logits[0]} * factor);  // of a temperature in float32
    EXPECT_NEAR(both.shifts.at(0), shift, 1e-7 * (std::abs(shift) + spread));
    EXPECT_NEAR(fit(scored, false, true).scaling.shifts.at(0), alone, 1e-7 * std::abs(alone));
  }
}

TEST(Shift, IsAddedBehindTheDivision) {
  std::vector<float> logits = {3, 1, -3, 5};
  scale_logits(logits, {{2, 3}, {0.25, -1}});
  EXPECT_THAT(logits, ElementsAre(1.75f, 1 / 3.0f - 1, -1.25f, 5 / 3.0f - 1));
  scale_logits(logits, {});
  EXPECT_EQ(logits[0], 1.75f);
  scale_logits(logits, {{}, {1, 2}});
  EXPECT_EQ(logits[0], 2.75f);
}

TEST(Temperature, RefusesLogitsThatAreNotFinite) {
  for (const float bad : {kNaN, kInfinity, -kInfinity}) {
    const Scored scored = {{1, 0}, {bad, 1}};
    EXPECT_THROW(fit(scored, true, false), NonFiniteError);
    EXPECT_THROW(fit(scored, false, true), NonFiniteError);
  }
}

}  // namespace
}  // namespace bernoulli

#include "metrics/temperature.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Temperature, MakesProbabilitiesTheSharesThatAreRight) {
  const FittedTemperatures fitted = fit_temperatures(kThreeOfFour.view());
  EXPECT_THAT(fitted.temperatures, ElementsAre(rounded(2 / std::log(3.0))));
  EXPECT_THAT(fitted.left_at_one, IsEmpty());
  Scored calibrated = kThreeOfFour;
  divide_by_temperature(calibrated.logits, fitted.temperatures);
  EXPECT_NEAR(probability(calibrated.logits[0]), 0.75, 1e-7);
  EXPECT_NEAR(testing::value(testing::binary_report(calibrated), "expected_calibration_error"), 0, 1e-7);
}

TEST(Temperature, OfCautiousLogitsIsBelowOne) {
  Scored cautious = kThreeOfFour;
  for (float& logit : cautious.logits) logit /= 16;
  EXPECT_THAT(fit_temperatures(cautious.view()).temperatures, ElementsAre(rounded(2 / std::log(3.0) / 16)));
}

TEST(Temperature, OfHugeLogitsIsLarge) {
  Scored huge = kThreeOfFour;
  for (float& logit : huge.logits) logit *= 4096;  // every probability is 0 or 1
  EXPECT_THAT(fit_temperatures(huge.view()).temperatures, ElementsAre(rounded(2 / std::log(3.0) * 4096)));
}

TEST(Temperature, CountsWeights) {
  Scored weighted = kThreeOfFour;
  weighted.weights = {1, 1, 1, 1, 1, 1, 1, 0};  // six of seven are right
  EXPECT_THAT(fit_temperatures(weighted.view()).temperatures, ElementsAre(rounded(2 / std::log(6.0))));
}

TEST(Temperature, IsFittedForEachLabel) {
  Scored two{{}, {}, {}, 2};
  for (size_t i = 0; i < kThreeOfFour.logits.size(); ++i) {
    two.targets.insert(two.targets.end(), {kThreeOfFour.targets[i], kThreeOfFour.targets[i]});
    two.logits.insert(two.logits.end(), {kThreeOfFour.logits[i], 3 * kThreeOfFour.logits[i]});
  }
  const std::vector<double> temperatures = fit_temperatures(two.view()).temperatures;
  EXPECT_THAT(temperatures, ElementsAre(rounded(2 / std::log(3.0)), rounded(6 / std::log(3.0))));
  divide_by_temperature(two.logits, temperatures);
  EXPECT_NEAR(two.logits[0], std::log(3.0), 1e-6);
  EXPECT_NEAR(two.logits[15], -std::log(3.0), 1e-6);
}

TEST(Temperature, StaysOneWithAReasonWhereNoneIsBest) {
  const Scored one_class = {{1, 1}, {2, -1}};
  EXPECT_THAT(fit_temperatures(one_class.view()).left_at_one,
              ElementsAre("temperature left at 1: the validation data have no negative example"));
  const Scored perfect = {{1, 0}, {.5, -.5}};
  EXPECT_THAT(fit_temperatures(perfect.view()).left_at_one,
              ElementsAre(HasSubstr("hardly any answer is wrong")));
  EXPECT_THAT(fit_temperatures(perfect.view()).temperatures, ElementsAre(1));
  const Scored reversed = {{0, 1}, {.5, -.5}};
  EXPECT_THAT(fit_temperatures(reversed.view()).left_at_one,
              ElementsAre(HasSubstr("say nothing of the label")));
  const Scored two = {{1, 1, 0, 0}, {1, 2, 1, 2}, {}, 2};
  EXPECT_THAT(fit_temperatures(two.view(), {"kind", "wild"}).left_at_one,
              ElementsAre(HasSubstr("temperature for label 'kind' left at 1"),
                          HasSubstr("temperature for label 'wild' left at 1")));
}

TEST(Temperature, RefusesLogitsThatAreNotFinite) {
  for (const float bad : {kNaN, kInfinity, -kInfinity}) {
    const Scored scored = {{1, 0}, {bad, 1}};
    EXPECT_THROW(fit_temperatures(scored.view()), NonFiniteError);
  }
}

}  // namespace
}  // namespace bernoulli

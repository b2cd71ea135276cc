#include "optim/schedule.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace bernoulli {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;
using Json = nlohmann::ordered_json;

KindConfig schedule(const std::string& kind, const Json& args) { return {kind, args, ""}; }

/// Factors of steps 0 .. count-1 of a training of `total` steps, `per_epoch` an epoch.
std::vector<double> factors(const KindConfig& schedule, int64_t count, int64_t total, int64_t per_epoch = 1) {
  std::vector<double> result;
  for (int64_t step = 0; step < count; ++step)
    result.push_back(schedule_factor(schedule, step, total, per_epoch));
  return result;
}

void expect_factors(const KindConfig& schedule, const std::vector<double>& expected, int64_t total,
                    int64_t per_epoch = 1) {
  EXPECT_THAT(factors(schedule, static_cast<int64_t>(expected.size()), total, per_epoch),
              Pointwise(DoubleNear(1e-12), expected));
}

TEST(Schedule, ConstantStaysAtOneAfterItsWarmUp) {
  expect_factors(schedule("constant", {{"warmup_steps", 0}}), {1, 1, 1}, 3);
  expect_factors(schedule("constant", {{"warmup_steps", 4}}), {0.25, 0.5, 0.75, 1, 1}, 5);
}

TEST(Schedule, StepMultipliesEveryFewEpochs) {
  expect_factors(schedule("step", {{"step_epochs", 2}, {"gamma", 0.5}}),
                 {1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25}, 20, 3);
}

TEST(Schedule, MultiStepMultipliesAtItsMilestones) {
  expect_factors(schedule("multi_step", {{"milestones", {1, 4}}, {"gamma", 0.1}}),
                 {1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01}, 10, 2);
}

TEST(Schedule, ExponentialMultipliesAfterEveryEpoch) {
  expect_factors(schedule("exponential", {{"gamma", 0.5}}), {1, 1, 0.5, 0.5, 0.25}, 5, 2);
}

TEST(Schedule, CosineFallsByHalfAWaveToItsEnd) {
  const double s = std::sqrt(0.5);
  expect_factors(schedule("cosine", {{"warmup_steps", 0}, {"final_factor", 0}}),
                 {1, (1 + s) / 2, 0.5, (1 - s) / 2, 0}, 5);
  expect_factors(schedule("cosine", {{"warmup_steps", 2}, {"final_factor", 0.2}}), {0.5, 1, 1, 0.6, 0.2}, 5);
}

TEST(Schedule, LinearFallsInAStraightLine) {
  expect_factors(schedule("linear", {{"warmup_steps", 0}, {"final_factor", 0}}), {1, 0.75, 0.5, 0.25, 0}, 5);
  expect_factors(schedule("linear", {{"warmup_steps", 2}, {"final_factor", 0.5}}),
                 {0.5, 1, 1, 0.875, 0.75, 0.625, 0.5}, 7);
}

TEST(Schedule, StaysAtItsEndBeyondTheTraining) {
  EXPECT_EQ(schedule_factor(schedule("linear", {{"warmup_steps", 0}, {"final_factor", 0.25}}), 99, 5, 1),
            0.25);
  EXPECT_NEAR(schedule_factor(schedule("cosine", {{"warmup_steps", 0}, {"final_factor", 0.25}}), 99, 5, 1),
              0.25, 1e-12);
}

TEST(Schedule, SurvivesATrainingNoLongerThanItsWarmUp) {
  expect_factors(schedule("linear", {{"warmup_steps", 3}, {"final_factor", 0.5}}), {1.0 / 3, 2.0 / 3, 1, 1},
                 3);
  expect_factors(schedule("cosine", {{"warmup_steps", 0}, {"final_factor", 0}}), {1}, 1);
}

TEST(Schedule, TheOneUpdateBehindAWarmUpHasTheFullRate) {
  for (const char* kind : {"linear", "cosine"})
    expect_factors(schedule(kind, {{"warmup_steps", 3}, {"final_factor", 0}}), {1.0 / 3, 2.0 / 3, 1, 1}, 4);
}

// pct_start 0.5 of 9 steps: the peak is at step 3.5; by hand from the two cosine arcs.
TEST(Schedule, OneCycleRisesAndFallsByCosines) {
  const auto arc = [](double from, double to, double share) {
    return to + (from - to) * (1 + std::cos(M_PI * share)) / 2;
  };
  const Json args = {
      {"max_factor", 1.0}, {"pct_start", 0.5}, {"div_factor", 4.0}, {"final_div_factor", 10.0}};
  expect_factors(
      schedule("one_cycle", args),
      {0.25, arc(0.25, 1, 1 / 3.5), arc(0.25, 1, 2 / 3.5), arc(0.25, 1, 3 / 3.5), arc(1, 0.025, 0.5 / 4.5),
       arc(1, 0.025, 1.5 / 4.5), arc(1, 0.025, 2.5 / 4.5), arc(1, 0.025, 3.5 / 4.5), 0.025},
      9);
}

TEST(Schedule, OneCyclePeaksAtItsLargestFactor) {
  const Json args = {{"max_factor", 3.0}, {"pct_start", 0.4}, {"div_factor", 6.0}, {"final_div_factor", 5.0}};
  const std::vector<double> got = factors(schedule("one_cycle", args), 10, 10);
  EXPECT_NEAR(got[0], 0.5, 1e-12);
  EXPECT_NEAR(got[3], 3.0, 1e-12);  // 0.4 * 10 - 1
  EXPECT_NEAR(got[9], 0.1, 1e-12);
}

TEST(Schedule, RefusesAKindThatItLacks) {
  EXPECT_THROW(schedule_factor(schedule("sawtooth", Json::object()), 0, 1, 1), InternalError);
}

/// Factors after each of `metrics`.
std::vector<double> plateau(const Json& changes, const std::vector<double>& metrics,
                            bool lower_is_better = true) {
  Json args = {{"factor", 0.5}, {"patience", 1}, {"threshold", 0.1}, {"cooldown", 0}, {"min_factor", 0.0}};
  if (!changes.is_null()) args.update(changes);
  PlateauState state;
  std::vector<double> result;
  for (const double metric : metrics) {
    state = advance_plateau(schedule("reduce_on_plateau", args), state, metric, lower_is_better);
    result.push_back(state.factor);
  }
  return result;
}

TEST(Plateau, LeavesTheStepItselfAlone) {
  EXPECT_EQ(schedule_factor(schedule("reduce_on_plateau", Json::object()), 7, 10, 2), 1);
}

TEST(Plateau, ReducesWhenPatienceIsUsedUp) {
  // Best 1.0; 0.95 and 0.91 are less than 10 % better; 0.8 is better; then two that are not.
  EXPECT_THAT(plateau({}, {1.0, 0.95, 0.91, 0.8, 0.8, 0.9}), ElementsAre(1, 1, 0.5, 0.5, 0.5, 0.25));
}

TEST(Plateau, FollowsMetricsThatRise) {
  EXPECT_THAT(plateau({}, {0.5, 0.56, 0.61, 0.62}, false), ElementsAre(1, 1, 1, 1))
      << "0.56 beats 0.55, 0.61 does not beat 0.616, 0.62 does";
  EXPECT_THAT(plateau({}, {0.5, 0.54, 0.54}, false), ElementsAre(1, 1, 0.5));
}

TEST(Plateau, DoesNotCountDuringItsCooldown) {
  EXPECT_THAT(plateau({{"patience", 0}, {"cooldown", 2}}, {1, 1, 1, 1, 1}),
              ElementsAre(1, 0.5, 0.5, 0.5, 0.25));
}

TEST(Plateau, NeverFallsBelowItsFloor) {
  EXPECT_THAT(plateau({{"patience", 0}, {"min_factor", 0.3}}, {1, 1, 1, 1}), ElementsAre(1, 0.5, 0.3, 0.3));
}

TEST(Plateau, TakesNanForNoImprovement) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(plateau({{"patience", 0}}, {nan, 1, nan, 0.5}), ElementsAre(0.5, 0.5, 0.25, 0.25));
}

}  // namespace
}  // namespace bernoulli

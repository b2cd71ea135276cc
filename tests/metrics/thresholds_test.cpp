#include "metrics/thresholds.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "metrics/decision.h"
#include "metrics/metrics_fixture.h"

namespace bernoulli {
namespace {

using testing::binary_report;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kInfinity;
using testing::kNaN;
using testing::logit_of;
using testing::Scored;
using ::testing::SizeIs;
using testing::value;
using Method = ThresholdConfig::Method;

double fitted(const Scored& scored, Method method, double demand = 0) {
  const std::vector<double> thresholds = choose_thresholds(scored.view(), {method, demand}).thresholds;
  EXPECT_THAT(thresholds, SizeIs(1));
  return thresholds.at(0);
}

// By descending probability: 1 at .9, 0 at .8, 1 at .6, 0 at .3, 1 at .1.
const Scored kFive = {{1, 0, 1, 0, 1},
                      {logit_of(.9), logit_of(.8), logit_of(.6), logit_of(.3), logit_of(.1)}};

TEST(Thresholds, FixedIsTakenAsItIs) {
  EXPECT_EQ(configured_rule({Method::kFixed, 0.3}, 2, {"a", "b"}), (DecisionRule{0.3, 0.3}));
}

TEST(Thresholds, PartNoAnswersThatRoundingMayHaveMadeDiffer) {
  // Two positives and two negatives that one sum may have made in two orders, and one of each far from them.
  const float logit = -0.8921f, next = std::nextafter(logit, 0.0f);
  const Scored scored = {{1, 1, 1, 0, 0, 0}, {2, next, next, logit, logit, -3}};
  ASSERT_NE(probability(logit), probability(next));
  EXPECT_NEAR(fitted(scored, Method::kMaxF1), (probability(logit) + probability(-3)) / 2, 1e-6);
  const Scored apart = {{1, 1, 1, 0, 0, 0}, {2, logit + 1e-4f, logit + 1e-4f, logit, logit, -3}};
  EXPECT_NEAR(fitted(apart, Method::kMaxF1), probability(logit + 5e-5f), 1e-6);
}

TEST(Thresholds, TheHighestOfSeveralNeedsNone) {
  EXPECT_EQ(configured_rule({Method::kHighest}, 2, {"a", "b"}), DecisionRule::highest());
  EXPECT_THROW(configured_rule({Method::kHighest}, 1, {"a"}), UsageError);
}

TEST(Thresholds, FixedOnesMayBeOneALabel) {
  const std::vector<std::string> names = {"a", "b", "c"};
  ThresholdConfig config;
  config.values = {0.1, 0.2, 0.3};
  EXPECT_THAT(configured_rule(config, 3, names).thresholds(), ElementsAre(0.1, 0.2, 0.3));
  EXPECT_THROW(configured_rule(config, 2, {"a", "b"}), UsageError);
  config.values = {};
  config.value_of = {{"c", 0.4, ""}, {"a", 0.1, ""}};
  EXPECT_THAT(configured_rule(config, 3, names).thresholds(), ElementsAre(0.1, 0.5, 0.4))
      << "0.5 where none is given";
  config.method = Method::kMaxF1;
  EXPECT_THAT(configured_rule(config, 3, names).thresholds(), ElementsAre(0.5, 0.5, 0.5)) << "not fitted yet";
}

TEST(Thresholds, LieHalfWayBetweenTheProbabilitiesTheyPart) {
  // f1 by number taken: 1 -> .5, 2 -> .4, 3 -> 2/3, 4 -> 4/7, 5 -> .75.
  EXPECT_NEAR(fitted(kFive, Method::kMaxF1), 0.05, 1e-6);  // between 0 and .1
  const Scored without_last = {{1, 0, 1, 0}, {logit_of(.9), logit_of(.8), logit_of(.6), logit_of(.3)}};
  EXPECT_NEAR(fitted(without_last, Method::kMaxF1), 0.45, 1e-6);
}

TEST(Thresholds, KeepTheRecallAndTakeTheBestPrecision) {
  EXPECT_NEAR(fitted(kFive, Method::kPrecisionAtRecall, 0.33), 0.85, 1e-6);     // precision 1 at recall 1/3
  EXPECT_NEAR(fitted(kFive, Method::kPrecisionAtRecall, 0.5), 0.45, 1e-6);      // 2/3 at recall 2/3
  EXPECT_NEAR(fitted(kFive, Method::kPrecisionAtRecall, 2.0 / 3), 0.45, 1e-6);  // the demand is inclusive
  EXPECT_NEAR(fitted(kFive, Method::kPrecisionAtRecall, 1.0), 0.05, 1e-6);
}

TEST(Thresholds, KeepThePrecisionAndTakeTheBestRecall) {
  EXPECT_NEAR(fitted(kFive, Method::kRecallAtPrecision, 1.0), 0.85, 1e-6);
  EXPECT_NEAR(fitted(kFive, Method::kRecallAtPrecision, 0.65), 0.45, 1e-6);
  EXPECT_NEAR(fitted(kFive, Method::kRecallAtPrecision, 0.6), 0.05, 1e-6);
}

TEST(Thresholds, AmongEqualsPreferTheOtherQuantity) {
  // Precision is 1 at recall 1/2 and at recall 1.
  const Scored perfect = {{1, 1, 0}, {logit_of(.9), logit_of(.7), logit_of(.2)}};
  EXPECT_NEAR(fitted(perfect, Method::kPrecisionAtRecall, 0.5), 0.45, 1e-6);
  // Recall is 1 from .7 downwards; precision is best there.
  EXPECT_NEAR(fitted(perfect, Method::kRecallAtPrecision, 0.1), 0.45, 1e-6);
}

TEST(Thresholds, AreFittedForEachLabel) {
  const Scored two = {{1, 0, 1, 1, 0, 1},
                      {logit_of(.9), logit_of(.2), logit_of(.7), logit_of(.8), logit_of(.5), logit_of(.6)},
                      {},
                      2};
  const std::vector<double> thresholds = choose_thresholds(two.view(), {Method::kMaxF1, 0}).thresholds;
  ASSERT_THAT(thresholds, SizeIs(2));
  EXPECT_NEAR(thresholds[0], 0.6, 1e-6);
  EXPECT_NEAR(thresholds[1], 0.4, 1e-6);
}

TEST(Thresholds, OfFBetaFollowWhatCountsMore) {
  // Taken 1: precision 1, recall 1/3; 3: 2/3 and 2/3; 5: 3/5 and 1. With beta .5 f_beta is .714, .667, .652;
  // with beta 2 it is .385, .667, .882.
  const auto with = [](double beta) {
    return choose_thresholds(kFive.view(), {.method = Method::kMaxFBeta, .beta = beta}).thresholds.at(0);
  };
  EXPECT_NEAR(with(0.5), 0.85, 1e-6);
  EXPECT_NEAR(with(2), 0.05, 1e-6);
  EXPECT_EQ(with(1), fitted(kFive, Method::kMaxF1));
}

TEST(Thresholds, CountWeights) {
  Scored weighted = kFive;
  weighted.weights = {1, 1, 1, 1, 0};  // the last positive does not count: f1 is best with three taken
  EXPECT_NEAR(fitted(weighted, Method::kMaxF1), 0.45, 1e-6);
  weighted.weights = {5, 1, 0.1f, 1, 0};
  EXPECT_NEAR(fitted(weighted, Method::kMaxF1), 0.85, 1e-6);
}

TEST(Thresholds, CutSaturatedProbabilitiesWherePredictCan) {
  // 20, 30 and 40 have the same float32 probability, 1: no threshold parts them.
  const double high = fitted({{1, 0, 1, 0}, {40, 30, 20, 3}}, Method::kMaxF1);
  EXPECT_LT(high, 1);
  EXPECT_GT(high, probability(3));
  EXPECT_TRUE(is_positive(20, high));
  EXPECT_TRUE(is_positive(30, high));
  // Below -89 it is 0, which no threshold from 0 upwards passes.
  const double low = fitted({{1, 1, 0}, {-80, -87, -90}}, Method::kMaxF1);
  EXPECT_GT(low, 0);
  EXPECT_TRUE(is_positive(-87, low));
  EXPECT_FALSE(is_positive(-90, low));
  EXPECT_EQ(fitted({{1, 1, 0}, {kInfinity, 50, -kInfinity}}, Method::kMaxF1), 0.5);
}

/// By brute force: all thresholds halfway between distinct probabilities, judged by compute_metrics.
double best_of(const Scored& scored, const char* metric) {
  double best = 0;
  for (const float a : scored.logits) {
    for (const float b : scored.logits) {
      const double threshold = (double{probability(a)} + double{probability(b)}) / 2;
      best = std::max(best, value(binary_report(scored, threshold), metric));
    }
    best = std::max(best, value(binary_report(scored, double{probability(a)} / 2), metric));
  }
  return best;
}

TEST(Thresholds, ReachTheBestF1AndFBetaOnRandomSetsAndAreFloat32) {
  Random random(11);
  for (int round = 0; round < 40; ++round) {
    Scored scored;
    const bool is_wide = round % 2 == 0;  // else with neighbours hardly farther apart than rounding
    for (int i = 0; i < 25; ++i) {
      scored.targets.push_back(i == 0 || random.uniform() < 0.4 ? 1.0f : 0.0f);
      scored.logits.push_back(is_wide ? static_cast<float>(6 * random.uniform() - 3)
                                      : 5e-6f * static_cast<float>(random.below(50)));
    }
    const double threshold = fitted(scored, Method::kMaxF1);
    EXPECT_DOUBLE_EQ(value(binary_report(scored, threshold), "f1"), best_of(scored, "f1")) << round;
    const ThresholdConfig f_beta{.method = Method::kMaxFBeta, .beta = MetricsConfig().f_beta};
    const double of_f_beta = choose_thresholds(scored.view(), f_beta).thresholds.at(0);
    EXPECT_DOUBLE_EQ(value(binary_report(scored, of_f_beta), "f_beta"), best_of(scored, "f_beta")) << round;
    EXPECT_EQ(threshold, static_cast<double>(static_cast<float>(threshold)));
  }
}

// 20 of the 22 most probable are positive, and 21 of 27. The bounds are .7405 and .6079 (scipy 1.17.1:
// binomtest(k, n, alternative="greater").proportion_ci(.95, "exact").low).
TEST(Thresholds, KeepAPrecisionWithAConfidence) {
  Scored scored;
  for (int i = 0; i < 40; ++i) {
    const bool positive = (i < 22 && i != 9 && i != 15) || i == 26;
    scored.targets.push_back(positive ? 1.0f : 0.0f);
    scored.logits.push_back(logit_of(.99 - .02 * i));
  }
  const auto with = [&](double precision, std::optional<double> confidence) {
    return choose_thresholds(scored.view(), {Method::kRecallAtPrecision, precision, confidence})
        .thresholds.at(0);
  };
  EXPECT_NEAR(with(0.74, {}), .46, 1e-6) << "all 21, at .778";
  EXPECT_NEAR(with(0.74, 0.95), .56, 1e-6) << "20 of 22";
  EXPECT_NEAR(with(0.60, 0.95), .46, 1e-6) << "21 of 27";
  try {
    with(0.75, 0.95);
    FAIL() << "no split has that bound";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("no threshold reaches precision 0.75 with confidence 0.95: the best is 0.740"));
  }
}

/// By brute force, as best_of: over the decisions about all labels.
double best_micro_f1(const Scored& scored) {
  double best = 0;
  for (const float a : scored.logits) {
    for (const float b : scored.logits) {
      const double threshold = (double{probability(a)} + double{probability(b)}) / 2;
      const std::vector<std::string> names(static_cast<size_t>(scored.num_labels));
      best = std::max(best, value(compute_metrics(scored.view(), {threshold}, {}, names,
                                                  TaskConfig::Kind::kMultiLabel, 0),
                                  "micro_f1"));
    }
  }
  return best;
}

TEST(Thresholds, OfRareLabelsAreOneOfTheirMicroF1) {
  Random random(5);
  Scored all, rare;  // labels with many, few, no and few positives
  all.num_labels = 4;
  rare.num_labels = 3;
  for (int i = 0; i < 30; ++i) {
    const float targets[] = {i % 2 == 0 ? 1.0f : 0.0f, i < 3 ? 1.0f : 0.0f, 0, i >= 26 ? 1.0f : 0.0f};
    for (int label = 0; label < 4; ++label) {
      const auto logit = static_cast<float>(targets[label] + 2 * random.uniform() - 1);
      for (Scored* scored : {&all, &rare}) {
        if (scored == &rare && label == 0) continue;
        scored->targets.push_back(targets[label]);
        scored->logits.push_back(logit);
      }
    }
  }
  const ThresholdConfig config{.method = Method::kMaxF1, .min_positives = 10};
  const FittedThresholds found = choose_thresholds(all.view(), config);
  EXPECT_THAT(found.shared, ElementsAre(1, 2, 3));
  EXPECT_THAT(found.left_at_half, SizeIs(0)) << "the label without a positive example shares a threshold too";
  EXPECT_EQ(found.thresholds[1], found.thresholds[2]);
  EXPECT_EQ(found.thresholds[1], found.thresholds[3]);
  EXPECT_EQ(found.thresholds[0], choose_thresholds(all.view(), {Method::kMaxF1}).thresholds[0]);
  const std::vector<std::string> names(3);
  const MetricReport report =
      compute_metrics(rare.view(), {found.thresholds[1]}, {}, names, TaskConfig::Kind::kMultiLabel, 0);
  EXPECT_DOUBLE_EQ(value(report, "micro_f1"), best_micro_f1(rare));
  EXPECT_THAT(choose_thresholds(all.view(), {.method = Method::kMaxF1, .min_positives = 3}).shared,
              ElementsAre(2));
}

/// 30 examples of labels with so many positives each.
Scored with_positives(const std::vector<int>& positives) {
  Random random(9);
  Scored scored;
  scored.num_labels = static_cast<int64_t>(positives.size());
  for (int i = 0; i < 30; ++i) {
    for (const int count : positives) {
      scored.targets.push_back(i < count ? 1.0f : 0.0f);
      scored.logits.push_back(static_cast<float>(scored.targets.back() + 2 * random.uniform() - 1));
    }
  }
  return scored;
}

TEST(Thresholds, OfRareLabelsWithTooFewTogetherAreOneOfTheMicroF1OfAll) {
  const Scored scored = with_positives({15, 2, 12});
  const FittedThresholds alone = choose_thresholds(scored.view(), {Method::kMaxF1});
  const FittedThresholds found =
      choose_thresholds(scored.view(), {.method = Method::kMaxF1, .min_positives = 5});
  EXPECT_THAT(found.shared, ElementsAre(1));
  EXPECT_TRUE(found.pools_all);
  EXPECT_NE(found.thresholds[1], alone.thresholds[1]);
  EXPECT_EQ(found.thresholds[0], alone.thresholds[0]);
  EXPECT_EQ(found.thresholds[2], alone.thresholds[2]);
  const std::vector<std::string> names(3);
  const MetricReport report =
      compute_metrics(scored.view(), {found.thresholds[1]}, {}, names, TaskConfig::Kind::kMultiLabel, 0);
  EXPECT_DOUBLE_EQ(value(report, "micro_f1"), best_micro_f1(scored));
}

TEST(Thresholds, OfRareLabelsAreTheirOwnFromSoManyTogetherOn) {
  const Scored scored = with_positives({15, 2, 3});
  const auto fitted_with = [&](int64_t min_positives) {
    return choose_thresholds(scored.view(), {.method = Method::kMaxF1, .min_positives = min_positives});
  };
  const FittedThresholds five = fitted_with(5), six = fitted_with(6), all = fitted_with(100);
  EXPECT_THAT(five.shared, ElementsAre(1, 2));
  EXPECT_FALSE(five.pools_all) << "5 together";
  EXPECT_THAT(six.shared, ElementsAre(1, 2));
  EXPECT_TRUE(six.pools_all);
  EXPECT_EQ(six.thresholds[1], six.thresholds[2]);
  EXPECT_EQ(six.thresholds[1], all.thresholds[0]);
  EXPECT_FALSE(all.pools_all) << "all are rare, and share one among themselves";
  EXPECT_FALSE(fitted_with(2).pools_all) << "none is rare";
}

TEST(Thresholds, StayAtHalfWhereALabelHasOneClassOnly) {
  // The second label has no positive example, the third no negative one, the fourth none of weight above 0.
  const Scored four = {{1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1},
                       {logit_of(.9), 1, 1, 1, logit_of(.2), 2, 2, 2, 0, 3, 3, 3},
                       {1, 1, 0},
                       4};
  for (const Method method : {Method::kMaxF1, Method::kPrecisionAtRecall, Method::kRecallAtPrecision}) {
    const FittedThresholds found = choose_thresholds(four.view(), {method, 0.9});
    ASSERT_THAT(found.thresholds, SizeIs(4));
    EXPECT_NEAR(found.thresholds[0], 0.7, 1e-6);
    EXPECT_THAT(found.thresholds, ElementsAre(::testing::_, 0.5, 0.5, 0.5));
    EXPECT_THAT(found.left_at_half, ElementsAre(1, 2, 3));
  }
}

TEST(Thresholds, StayAtHalfWhereOneOfSeveralLabelsMissesTheDemand) {
  // Of the second label the highest probability is a negative's.
  const Scored two = {{1, 0, 0, 1, 1, 1}, {3, 3, -3, 2, 2, 1}, {}, 2};
  const FittedThresholds found =
      choose_thresholds(two.view(), {Method::kRecallAtPrecision, 0.9}, {"easy", "hard"});
  EXPECT_THAT(found.left_at_half, ElementsAre(1));
  EXPECT_EQ(found.thresholds[1], 0.5);
  EXPECT_GT(found.thresholds[0], probability(-3));
  EXPECT_THAT(found.reasons, ElementsAre(AllOf(HasSubstr("'hard'"), HasSubstr("the best is 0.666667"))));
}

template <typename ErrorType>
void expect_error(const Scored& scored, Method method, double demand, const std::string& message) {
  try {
    choose_thresholds(scored.view(), {method, demand});
    FAIL() << "accepted, expected: " << message;
  } catch (const ErrorType& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Thresholds, SayWhichDemandCannotBeMetAndTheBestThatCan) {
  expect_error<DataError>(
      {{0, 1, 1}, {3, 2, 1}}, Method::kRecallAtPrecision, 0.9,
      "no threshold reaches precision 0.9: the best is 0.666667; lower the demand in metrics.threshold");
  expect_error<DataError>({{1, 1, 0}, {3, -200, 1}}, Method::kPrecisionAtRecall, 0.8,
                          "no threshold reaches recall 0.8: the best is 0.5");
  const char* const one_class =
      "cannot fit a threshold: the validation data have no positive or no negative example; add some or set "
      "metrics.threshold to a number";
  expect_error<DataError>({{0, 0}, {3, 1}}, Method::kMaxF1, 0, one_class);
  expect_error<DataError>({{1, 1}, {3, 1}}, Method::kMaxF1, 0, one_class);
  expect_error<DataError>({{1, 0}, {3, 1}, {0, 1}}, Method::kMaxF1, 0, one_class);
  expect_error<DataError>({{1, 0}, {-200, -300}}, Method::kMaxF1, 0, "every probability is 0");
  expect_error<DataError>({{1, 0, 1, 0}, {1, 1, 1, 1}, {}, 2}, Method::kMaxF1, 0,
                          "no positive or no negative example of any label; add");
  expect_error<DataError>({{0, 0, 1, 1}, {1, 2, 1, 1}, {}, 2}, Method::kRecallAtPrecision, 0.9,
                          "for label 1: on the validation data no threshold reaches precision 0.9");
  expect_error<NonFiniteError>({{1, 0}, {kNaN, 1}}, Method::kMaxF1, 0, "a validation logit is not a number");
  expect_error<InternalError>({{1, 2}, {1, 1}}, Method::kFixed, 0.5, "target 1 is 2");
}

TEST(Thresholds, AreToldOfWhereNothingIsAbove) {
  const Scored low = {{1, 0}, {logit_of(.25), logit_of(.125)}};
  EXPECT_EQ(nothing_above(low.view(), {0.5}),
            "no example is above the threshold 0.5: the largest probability is 0.25; metrics.threshold sets "
            "another "
            "one, or fits it");
  EXPECT_EQ(nothing_above(low.view(), {0.2}), "");
  const Scored negatives = {{0, 0}, {-1, -2}}, one_is_not_a_number = {{1, 0}, {kNaN, -1}};
  EXPECT_EQ(nothing_above(negatives.view(), {0.5}), "") << "every answer is right";
  EXPECT_THAT(nothing_above(one_is_not_a_number.view(), {0.5}),
              HasSubstr("the largest probability is 0.2689;"));
  const Scored two_labels = {{1, 0, 0, 1}, {-1, -2, -3, 0}, {}, 2};
  EXPECT_THAT(nothing_above(two_labels.view(), {0.5, 0.6}),
              HasSubstr("above the threshold of any label: the"));
  EXPECT_EQ(nothing_above(two_labels.view(), {0.5, 0.4}), "");
}

}  // namespace
}  // namespace bernoulli

// Intervals of metrics, against scikit-learn and NumPy: golden/curves.json and the script beside it.

#include "metrics/metric_intervals.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "metrics/metrics_fixture.h"
#include "metrics/significance.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::Scored;

MetricIntervals intervals_of(const Scored& scored, TaskConfig::Kind kind = TaskConfig::Kind::kBinary,
                             uint64_t seed = 1) {
  return metric_intervals(scored.view(), {0.5}, {}, kind, seed);
}

nlohmann::json golden_bootstrap(const char* name) {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/curves.json");
  return nlohmann::json::parse(file)[name];
}

void expect_intervals(const MetricIntervals& found, const nlohmann::json& golden) {
  for (const auto& [name, expected] : golden.items()) {
    const MetricInterval* of = found.find(name);
    ASSERT_NE(of, nullptr) << name;
    EXPECT_FALSE(of->exact) << name << ": the examples have weights";
    EXPECT_NEAR(of->interval.low.value(), expected[0], 1e-12) << name;
    EXPECT_NEAR(of->interval.high.value(), expected[1], 1e-12) << name;
  }
}

TEST(MetricIntervals, AreThoseOfScikitLearnAndNumPy) {
  const nlohmann::json golden = golden_bootstrap("bootstrap");
  ASSERT_GE(golden["intervals"].size(), 9u);
  expect_intervals(intervals_of({golden["targets"], golden["first"], golden["weights"]},
                                TaskConfig::Kind::kBinary, golden["seed"]),
                   golden["intervals"]);
}

TEST(MetricIntervals, OfSeveralLabelsAreThoseOfScikitLearnAndNumPy) {
  const nlohmann::json golden = golden_bootstrap("multi_label_bootstrap");
  const MetricIntervals found =
      intervals_of({golden["targets"], golden["logits"], golden["weights"], golden["num_labels"]},
                   TaskConfig::Kind::kMultiLabel, golden["seed"]);
  ASSERT_EQ(found.intervals.size(), golden["intervals"].size()) << "every metric of the task";
  expect_intervals(found, golden["intervals"]);
}

// 5 of 5: a rate of .025^(1/5) = .4782 gives five hits in 2.5 % of all cases. Resamples would say 1 to 1.
TEST(MetricIntervals, OfSharesAreExact) {
  Scored scored;
  for (int i = 0; i < 40; ++i) {
    scored.targets.push_back(i < 30 ? 1.0f : 0.0f);
    scored.logits.push_back(i < 5 ? 1.0f : -1.0f);
  }
  const MetricIntervals found = intervals_of(scored);
  const MetricInterval& precision = *found.find("precision");
  EXPECT_TRUE(precision.exact);
  EXPECT_EQ(precision.num_answers, 5) << "those predicted positive";
  EXPECT_NEAR(precision.interval.low.value(), std::pow(0.025, 0.2), 1e-12);
  EXPECT_EQ(precision.interval.high, 1);
  EXPECT_EQ(found.find("recall")->num_answers, 30);
  EXPECT_EQ(found.find("specificity")->num_answers, 10);
  EXPECT_NEAR(found.find("specificity")->interval.low.value(), std::pow(0.025, 0.1), 1e-12);
  EXPECT_EQ(found.find("accuracy")->num_answers, 40);
  for (const char* name : {"precision", "recall", "specificity", "accuracy"})
    EXPECT_FALSE(found.find(name)->is_too_narrow()) << name << ": an exact one holds what it says";
  // 15 of 40 right, 5 of 30 found: (low, high) of scipy.stats.binomtest(...).proportion_ci(method="exact")
  EXPECT_NEAR(found.find("accuracy")->interval.low.value(), 0.2272627224818259, 1e-12);
  EXPECT_NEAR(found.find("accuracy")->interval.high.value(), 0.541985247767389, 1e-12);
  EXPECT_NEAR(found.find("recall")->interval.high.value(), 0.3472116988341439, 1e-12);

  Scored weighted = scored;
  weighted.weights.assign(40, 1.0f);
  EXPECT_TRUE(intervals_of(weighted).find("precision")->exact) << "weights that are all 1 are none";
  EXPECT_EQ(narrow_warning({{{"precision", {0.5, 1.0, ""}, true, 5}}}), "")
      << "an exact one is as wide as it has to be";
  weighted.weights[0] = 2;
  const MetricIntervals resampled = intervals_of(weighted);
  EXPECT_FALSE(resampled.find("recall")->exact);
  EXPECT_EQ(resampled.find("precision")->interval.undefined_reason,
            "the resamples give one and the same figure");
}

TEST(MetricIntervals, WarnByWhatEachMetricRestsOn) {
  Scored scored;  // 30 positives and 30 negatives, of which 6 and 3 are predicted positive
  for (int i = 0; i < 60; ++i) {
    scored.targets.push_back(i < 30 ? 1.0f : 0.0f);
    scored.logits.push_back(i < 6 || i >= 57 ? 1.0f : -1.0f);
  }
  const MetricIntervals found = intervals_of(scored);
  EXPECT_EQ(found.find("f1")->num_answers, 9) << "9 predicted, 30 positive";
  EXPECT_TRUE(found.find("f1")->is_too_narrow());
  EXPECT_EQ(found.find("matthews_corrcoef")->num_answers, 9);
  EXPECT_EQ(found.find("balanced_accuracy")->num_answers, 30) << "of either kind";
  EXPECT_EQ(found.find("roc_auc")->num_answers, 30) << "does not look at the decisions";
  EXPECT_FALSE(found.find("roc_auc")->is_too_narrow());

  EXPECT_EQ(narrow_warning(found),
            "intervals that rest on fewer than 20 answers are too narrow: f1 (9), f_beta (9), "
            "matthews_corrcoef (9), cohen_kappa (9); evaluate on more examples");

  // The same beside a label of which none is right: the rarest says how far to trust a macro mean.
  Scored two;
  two.num_labels = 2;
  for (size_t i = 0; i < 60; ++i) {
    two.targets.insert(two.targets.end(), {scored.targets[i], i < 4 ? 1.0f : 0.0f});
    two.logits.insert(two.logits.end(), {scored.logits[i], static_cast<float>(i % 7)});
  }
  const MetricIntervals several = intervals_of(two, TaskConfig::Kind::kMultiLabel);
  EXPECT_EQ(several.find("macro_recall")->num_answers, 4);
  EXPECT_EQ(several.find("macro_roc_auc")->num_answers, 4);
  EXPECT_EQ(several.find("micro_recall")->num_answers, 34);
  EXPECT_EQ(several.find("jaccard")->num_answers, 60);
  EXPECT_TRUE(several.find("subset_accuracy")->exact);
  EXPECT_EQ(several.find("samples_f1")->num_answers, 60);
  EXPECT_EQ(several.find("weighted_f1")->num_answers, 34) << "a rare label weighs little";
  // 30 have a label: of 0 to 3 the highest logit is that of one.
  const MetricInterval& top = *several.find("precision_at_1");
  EXPECT_TRUE(top.exact);
  EXPECT_EQ(top.num_answers, 30);
  EXPECT_DOUBLE_EQ(top.interval.low.value(), share_lower_bound(4, 30, 0.975));
  EXPECT_DOUBLE_EQ(top.interval.high.value(), 1 - share_lower_bound(26, 30, 0.975));
  EXPECT_FALSE(several.find("accuracy")->exact) << "labels of one example are not independent";

  for (size_t i = 0; i < 60; ++i) two.logits[2 * i + 1] = -1;
  EXPECT_EQ(intervals_of(two, TaskConfig::Kind::kMultiLabel).find("macro_precision")->num_answers, 9)
      << "a label that is never predicted has no precision";
}

TEST(MetricIntervals, LeaveOutCountsTheLossAndWhatResamplingBiases) {
  const MetricIntervals found = intervals_of({{1, 0, 1, 0}, {1, -1, 2, 1}});
  for (const char* name : {"loss", "true_positives", "false_negatives", "expected_calibration_error"})
    EXPECT_EQ(found.find(name), nullptr) << name;
  EXPECT_NE(found.find("specificity"), nullptr);
}

// 400 answers right with probability .8, one of them of weight 1/2: close to mean +- 1.96 standard errors.
TEST(MetricIntervals, OfAWeightedShareAreCloseToThoseOfAShare) {
  Scored scored;
  Random random(7);
  double right = 0;
  for (int i = 0; i < 400; ++i) {
    const bool is_right = random.below(10) < 8;
    right += is_right;
    scored.targets.push_back(i % 2 == 0 ? 1.0f : 0.0f);
    scored.logits.push_back((i % 2 == 0) == is_right ? 1.0f : -1.0f);
    scored.weights.push_back(i == 0 ? 0.5f : 1.0f);
  }
  const double share = right / 400, error = std::sqrt(share * (1 - share) / 400);
  const MetricIntervals found = intervals_of(scored);
  EXPECT_NEAR(found.find("accuracy")->interval.low.value(), share - 1.96 * error, 0.005);
  EXPECT_NEAR(found.find("accuracy")->interval.high.value(), share + 1.96 * error, 0.005);
  EXPECT_FALSE(found.find("accuracy")->is_too_narrow());
  const Interval again = intervals_of(scored).find("roc_auc")->interval;
  EXPECT_EQ(again.low, found.find("roc_auc")->interval.low) << "depends on the seed alone";
  EXPECT_NE(intervals_of(scored, TaskConfig::Kind::kBinary, 2).find("roc_auc")->interval.low, again.low);
}

TEST(MetricIntervals, OfSeveralLabelsDrawWholeExamples) {
  // Both labels of an example are right or wrong together: as one label, and not as twice as many answers.
  Scored one, two;
  for (int i = 0; i < 60; ++i) {
    const float target = i % 2 == 0 ? 1.0f : 0.0f, logit = i % 5 == 0 ? 0.5f - target : target - 0.5f;
    one.targets.push_back(target);
    one.logits.push_back(logit);
    for (int label = 0; label < 2; ++label) {
      two.targets.push_back(target);
      two.logits.push_back(logit);
    }
  }
  two.num_labels = 2;
  const MetricIntervals single = intervals_of(one),
                        several = intervals_of(two, TaskConfig::Kind::kMultiLabel);
  EXPECT_DOUBLE_EQ(several.find("subset_accuracy")->interval.low.value(),
                   single.find("accuracy")->interval.low.value());
  EXPECT_DOUBLE_EQ(several.find("micro_f1")->interval.high.value(), single.find("f1")->interval.high.value());
  EXPECT_DOUBLE_EQ(several.find("macro_roc_auc")->interval.low.value(),
                   single.find("roc_auc")->interval.low.value());
}

/// Where all is right every resample has 1, but for a last bit that the square root of matthews_corrcoef
/// loses.
TEST(MetricIntervals, OfOneFigureAreNoneHoweverItIsRounded) {
  for (const int size : {40, 97, 150, 333}) {
    Scored right;
    for (int i = 0; i < size; ++i) {
      right.targets.push_back(i % 3 == 0 ? 1.0f : 0.0f);
      right.logits.push_back(i % 3 == 0 ? 1.0f : -1.0f);
    }
    const MetricIntervals found = intervals_of(right);
    for (const char* name : {"matthews_corrcoef", "cohen_kappa", "f1", "roc_auc"})
      EXPECT_EQ(found.find(name)->interval.undefined_reason, "the resamples give one and the same figure")
          << name << " of " << size;
  }
}

TEST(MetricIntervals, SayWhyThereIsNone) {
  // One positive of three: in 8 of 27 resamples there is none.
  const MetricIntervals few = intervals_of({{1, 0, 0}, {1, -1, -2}});
  EXPECT_FALSE(few.find("roc_auc")->is_too_narrow()) << "there is none to warn of";
  nlohmann::ordered_json undefined = nlohmann::ordered_json::object();
  const nlohmann::ordered_json json = to_json(few, undefined);
  EXPECT_TRUE(json["roc_auc"].is_null());
  EXPECT_THAT(undefined["intervals.roc_auc"].get<std::string>(), HasSubstr("too few examples"));
  EXPECT_EQ(json["accuracy"], (nlohmann::ordered_json{share_lower_bound(3, 3, 0.975), 1.0}));
  const std::string table = to_table(testing::binary_report({{1, 0, 0}, {1, -1, -2}}), &few);
  EXPECT_THAT(table, HasSubstr("accuracy                    1  95 % interval 0.2924 to 1 (exact, of 3)\n"));
  EXPECT_THAT(table, HasSubstr("roc_auc                     1  no interval (too few examples: "));
  const MetricIntervals none = intervals_of({{1, 0}, {testing::kNaN, 1}});
  EXPECT_EQ(none.find("accuracy")->interval.undefined_reason, "1 of 2 logits are not a number");
}

}  // namespace
}  // namespace bernoulli

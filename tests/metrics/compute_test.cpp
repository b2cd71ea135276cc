#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/metric_facts.h"
#include "core/error.h"
#include "metrics/metrics_fixture.h"

namespace bernoulli {
namespace {

using testing::binary_report;
using testing::expect_undefined;
using ::testing::HasSubstr;
using testing::kInfinity;
using testing::kNaN;
using testing::metric;
using testing::Scored;
using testing::value;

// 3 true positives, 1 false negative, 2 false positives, 4 true negatives.
const Scored kTen = {{1, 1, 1, 1, 0, 0, 0, 0, 0, 0}, {3, 2, 1, -1, 2, 1, -1, -2, -3, -4}};

TEST(BinaryMetrics, MatchWhatIsCountedByHand) {
  const MetricReport report = binary_report(kTen);
  EXPECT_EQ(report.num_examples, 10);
  EXPECT_EQ(value(report, "true_positives"), 3);
  EXPECT_EQ(value(report, "false_negatives"), 1);
  EXPECT_EQ(value(report, "false_positives"), 2);
  EXPECT_EQ(value(report, "true_negatives"), 4);
  EXPECT_DOUBLE_EQ(value(report, "accuracy"), 0.7);
  EXPECT_DOUBLE_EQ(value(report, "balanced_accuracy"), (0.75 + 4.0 / 6) / 2);
  EXPECT_DOUBLE_EQ(value(report, "precision"), 0.6);
  EXPECT_DOUBLE_EQ(value(report, "recall"), 0.75);
  EXPECT_DOUBLE_EQ(value(report, "specificity"), 4.0 / 6);
  EXPECT_DOUBLE_EQ(value(report, "f1"), 6.0 / 9);
  EXPECT_DOUBLE_EQ(value(report, "f_beta"), 15.0 / (15 + 4 + 2));
  EXPECT_DOUBLE_EQ(value(report, "matthews_corrcoef"), (3 * 4 - 2 * 1) / std::sqrt(4.0 * 6 * 5 * 5));
  EXPECT_DOUBLE_EQ(value(report, "cohen_kappa"), (0.7 - 0.5) / (1 - 0.5));
  EXPECT_DOUBLE_EQ(value(report, "roc_auc"), (6 + 5.5 + 4.5 + 3.5) / 24);
  EXPECT_DOUBLE_EQ(value(report, "average_precision"), (1.0 + 2.0 / 3 + 3.0 / 5 + 4.0 / 7) / 4);
  EXPECT_EQ(value(report, "loss"), 0.25);
}

TEST(BinaryMetrics, CorrelateByOneAtMost) {
  // 1 * 3 / (sqrt(3) * sqrt(3)) is 1.0000000000000002.
  EXPECT_EQ(value(binary_report({{1, 0, 0, 0}, {1, -1, -1, -1}}), "matthews_corrcoef"), 1);
  EXPECT_EQ(value(binary_report({{1, 0, 0, 0}, {-1, 1, 1, 1}}), "matthews_corrcoef"), -1);
}

TEST(BinaryMetrics, WeightsCountAsRepeatedExamples) {
  const Scored weighted = {{1, 0, 1, 0}, {2, 1, -1, -1}, {3, 2, 1, 0}};
  const Scored repeated = {{1, 1, 1, 0, 0, 1}, {2, 2, 2, 1, 1, -1}};
  const MetricReport a = binary_report(weighted), b = binary_report(repeated);
  for (const std::string& name : metric_names(TaskConfig::Kind::kBinary)) {
    ASSERT_EQ(metric(a, name).value.has_value(), metric(b, name).value.has_value()) << name;
    if (!metric(a, name).value) continue;
    EXPECT_NEAR(value(a, name), value(b, name), 1e-15) << name;
  }
}

TEST(BinaryMetrics, RankByLogitsWhereProbabilitiesSaturate) {
  const MetricReport report = binary_report({{1, 0, 1, 0}, {41, 40, -110, -120}});
  EXPECT_EQ(value(report, "roc_auc"), 0.75);
}

TEST(BinaryMetrics, KeepTinyAndHugeLossesThatProbabilitiesLose) {
  const MetricReport tiny = binary_report({{1, 0}, {40, -40}});
  EXPECT_DOUBLE_EQ(value(tiny, "log_loss"), std::exp(-40.0));
  EXPECT_DOUBLE_EQ(value(tiny, "brier_score"), std::exp(-80.0));
  const MetricReport huge = binary_report({{1, 0}, {-1000, 1000}});
  EXPECT_DOUBLE_EQ(value(huge, "log_loss"), 1000);
  EXPECT_DOUBLE_EQ(value(huge, "brier_score"), 1);
}

TEST(BinaryMetrics, CalibrationBinsHoldBothEnds) {
  // p = 0 and p = 1 exactly: right at both ends is no error, wrong at both ends all of it.
  EXPECT_EQ(value(binary_report({{0, 1}, {-800, 800}}), "expected_calibration_error"), 0);
  EXPECT_EQ(value(binary_report({{1, 0}, {-800, 800}}), "expected_calibration_error"), 1);
  // p = .5 for all, one in four positive: one bin, gap .25.
  EXPECT_DOUBLE_EQ(value(binary_report({{1, 0, 0, 0}, {0, 0, 0, 0}}), "expected_calibration_error"), 0.25);
}

TEST(BinaryMetrics, SayWhyTheyAreUndefined) {
  const MetricReport negatives = binary_report({{0, 0}, {-1, -2}});
  expect_undefined(negatives, "precision", "no example is predicted positive");
  expect_undefined(negatives, "recall", "no positive example");
  expect_undefined(negatives, "f1", "no positive example and none predicted");
  expect_undefined(negatives, "f_beta", "no positive example and none predicted");
  expect_undefined(negatives, "matthews_corrcoef", "only one class in the targets or in the predictions");
  expect_undefined(negatives, "cohen_kappa", "targets and predictions hold the same class only");
  expect_undefined(negatives, "roc_auc", "only one class");
  expect_undefined(negatives, "balanced_accuracy", "only one class");
  expect_undefined(negatives, "average_precision", "no positive example");
  EXPECT_EQ(value(negatives, "accuracy"), 1);
  expect_undefined(binary_report({{1}, {1}}), "specificity", "no negative example");
  expect_undefined(binary_report({{1}, {1}}, 0.5, std::nan("")), "loss", "the loss is not finite");
  expect_undefined(binary_report({{1}, {1}}, 0.5, HUGE_VAL), "loss", "the loss is not finite");
}

TEST(BinaryMetrics, ExamplesWithoutWeightAreNotThere) {
  const Scored only_negatives_count = {{1, 0, 0}, {1, 1, -1}, {0, 1, 1}};
  const MetricReport report = binary_report(only_negatives_count);
  expect_undefined(report, "recall", "no positive example");
  expect_undefined(report, "roc_auc", "only one class");
  EXPECT_EQ(value(report, "accuracy"), 0.5);
}

/// Every metric but the loss is undefined for this one reason.
void expect_nothing(const Scored& scored, const std::string& reason) {
  const MetricReport report = binary_report(scored);
  ASSERT_EQ(report.metrics.size(), metric_names(TaskConfig::Kind::kBinary).size());
  for (const auto& [name, metric] : report.metrics) {
    if (name != "loss") expect_undefined(report, name, reason);
  }
}

TEST(BinaryMetrics, NothingIsSaidAboutNoExampleNoWeightOrNaN) {
  expect_nothing({}, "no example");
  expect_nothing({{1, 0}, {1, 2}, {0, 0}}, "the example weights sum to 0");
  expect_nothing({{1, 0, 1}, {1, kNaN, kNaN}}, "2 of 3 logits are not a number");
}

TEST(BinaryMetrics, InfiniteLogitsRankAndDecideButMayHaveNoLogLoss) {
  const MetricReport right = binary_report({{1, 0, 1}, {kInfinity, -kInfinity, 0}});
  EXPECT_DOUBLE_EQ(value(right, "log_loss"), std::log(2.0) / 3);
  EXPECT_EQ(value(right, "roc_auc"), 1);
  const MetricReport wrong = binary_report({{0, 1}, {kInfinity, 1}});
  expect_undefined(wrong, "log_loss", "infinite: an infinite logit is on the wrong side");
  EXPECT_EQ(value(wrong, "roc_auc"), 0);
  EXPECT_NEAR(value(wrong, "brier_score"), (1 + std::pow(1 - 1 / (1 + std::exp(-1.0)), 2)) / 2, 1e-15);
}

TEST(BinaryMetrics, ComeInTheOrderOfTheirNames) {
  const MetricReport report = binary_report(kTen);
  std::vector<std::string> names;
  for (const auto& [name, metric] : report.metrics) names.push_back(name);
  EXPECT_EQ(names, metric_names(TaskConfig::Kind::kBinary));
  EXPECT_EQ(report.find("acuracy"), nullptr);
}

// 3 examples, 2 labels. Predicted sets {0,1}, {}, {1}; true sets {0}, {}, {0,1}.
const Scored kTwoLabels = {{1, 0, 0, 0, 1, 1}, {1, 1, -1, -1, -1, 1}, {}, 2};

TEST(Compute, OneOfSeveralIsRightWhereItsLogitIsTheHighest) {
  const Scored scored = {{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0},
                         {-1, -2, -3, -9, -7, -8, 5, 4, 3, 2, 2, 1},
                         {},
                         3};  // right, right, wrong, the first of equal ones
  const MetricReport report = compute_metrics(scored.view(), DecisionRule::highest(), {}, {"a", "b", "c"},
                                              TaskConfig::Kind::kMultiLabel, 0.5);
  for (const char* name : {"precision_at_1", "subset_accuracy", "micro_f1", "micro_precision"})
    EXPECT_EQ(value(report, name), 0.75) << name;
  EXPECT_EQ(to_json(report)["threshold"], "highest");
  EXPECT_EQ(to_json(report)["per_label"]["c"]["f1"], 0.0);
  EXPECT_THROW(compute_metrics({std::vector<float>{1}, std::vector<float>{1}, {}, 1}, DecisionRule::highest(),
                               {}, {}, TaskConfig::Kind::kBinary, 0),
               InternalError);
}

MetricReport two_label_report(const std::vector<double>& thresholds) {
  return compute_metrics(kTwoLabels.view(), thresholds, {}, {"a", "b"}, TaskConfig::Kind::kMultiLabel, 0.5);
}

TEST(MultiLabelMetrics, MatchWhatIsCountedByHand) {
  const MetricReport report = two_label_report({0.5});
  EXPECT_DOUBLE_EQ(value(report, "accuracy"), 4.0 / 6);
  EXPECT_DOUBLE_EQ(value(report, "hamming_loss"), 2.0 / 6);
  EXPECT_DOUBLE_EQ(value(report, "subset_accuracy"), 1.0 / 3);
  EXPECT_EQ(value(report, "precision_at_1"), 1) << "of the two that have a label";
  EXPECT_DOUBLE_EQ(value(report, "jaccard"), (0.5 + 1 + 0.5) / 3);
  EXPECT_DOUBLE_EQ(value(report, "samples_f1"), (2.0 / 3 + 0 + 2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(value(report, "micro_precision"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value(report, "micro_recall"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value(report, "macro_precision"), (1.0 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(value(report, "macro_recall"), (0.5 + 1.0) / 2);
  std::vector<std::string> names;
  for (const auto& [name, metric] : report.metrics) names.push_back(name);
  EXPECT_EQ(names, metric_names(TaskConfig::Kind::kMultiLabel));
  ASSERT_EQ(report.per_label.size(), 2u);
  EXPECT_EQ(report.per_label[1].first, "b");
  EXPECT_EQ(report.per_label[0].second.size(), metric_names(TaskConfig::Kind::kBinary).size() - 1);
}

TEST(MultiLabelMetrics, EachLabelHasItsThreshold) {
  EXPECT_DOUBLE_EQ(value(two_label_report({0.2, 0.5}), "micro_recall"), 1);  // sigmoid(-1) = .27
  EXPECT_DOUBLE_EQ(value(two_label_report({0.5, 0.8}), "micro_recall"), 1.0 / 3);
}

TEST(MultiLabelMetrics, MacroLeavesOutLabelsWithoutAValue) {
  const MetricReport report = two_label_report({0.5, 0.9});  // nothing is predicted b
  EXPECT_EQ(value(report, "macro_precision"), 1);
  EXPECT_EQ(value(report, "macro_recall"), (0.5 + 0) / 2);
  EXPECT_DOUBLE_EQ(value(report, "weighted_f1"), (2 * (2.0 / 3) + 1 * 0.0) / 3) << "a has 2 examples, b 1";
  expect_undefined(two_label_report({0.9}), "macro_precision", "undefined for every label");
}

MetricReport three_label_report(std::vector<float> targets, std::vector<float> logits,
                                std::vector<float> weights = {}) {
  const Scored scored = {std::move(targets), std::move(logits), std::move(weights), 3};
  return compute_metrics(scored.view(), {0.5}, {}, {"a", "b", "c"}, TaskConfig::Kind::kMultiLabel, 0.5);
}

TEST(MultiLabelMetrics, PrecisionAt1IsOfTheHighestLogitOfExamplesWithALabel) {
  // Of equal logits the first counts (wrong, weight 1); no label (left out); right below every threshold (3).
  const std::vector<float> targets = {0, 1, 0, 0, 0, 0, 0, 1, 1}, logits = {1, 1, -1, 5, 0, 0, -3, -1, -2};
  EXPECT_EQ(value(three_label_report(targets, logits, {1, 7, 3}), "precision_at_1"), 0.75);
  EXPECT_EQ(value(three_label_report(targets, logits), "precision_at_1"), 0.5);
  EXPECT_EQ(value(three_label_report({1, 0, 0}, {kInfinity, kInfinity, -kInfinity}), "precision_at_1"), 1);
  const MetricReport without = three_label_report({0, 0, 0, 1, 0, 0}, {1, 1, 1, 1, 1, 1}, {1, 0});
  expect_undefined(without, "precision_at_1", "no example with a label");
  expect_undefined(without, "weighted_f1", "no positive example");
  EXPECT_EQ(value(without, "samples_f1"), 0);
}

TEST(MultiLabelMetrics, WithOneLabelEachPrecisionAt1IsTheAccuracyOfTheClasses) {
  // Classes a, b, c, a; the highest logits are of a, c, c, b.
  const std::vector<float> targets = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0},
                           logits = {2, 1, 0, -3, -2, -1, 0, 1, 2, -1, 3, 0};
  const MetricReport report = three_label_report(targets, logits);
  EXPECT_TRUE(report.one_label_each);
  EXPECT_EQ(value(report, "precision_at_1"), 0.5);
  EXPECT_DOUBLE_EQ(value(report, "accuracy"), 7.0 / 12) << "of the answers to all labels";
  EXPECT_FALSE(three_label_report({1, 0, 0, 0, 1, 1}, {1, 0, 0, 0, 1, 0}).one_label_each);
  EXPECT_FALSE(two_label_report({0.5}).one_label_each);
}

template <typename Action>
void expect_internal_error(const Action& action, const std::string& message) {
  try {
    action();
    FAIL() << "accepted, expected: " << message;
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Metrics, RefuseInputsThatBreakTheirContract) {
  expect_internal_error(
      [] {
        binary_report({{1, 0}, {1}});
      },
      "1 logits, 2 targets and 0 weights do not fit 1 labels");
  expect_internal_error([] { binary_report({{1, 0}, {1, 2}, {1}}); }, "2 logits, 2 targets and 1 weights");
  expect_internal_error([] { binary_report({{1, 0, 1}, {1, 2, 3}, {}, 2}); }, "do not fit 2 labels");
  expect_internal_error([] { binary_report({{1}, {1}, {}, 0}); }, "do not fit 0 labels");
  expect_internal_error([] { binary_report({{1, 0.5f}, {1, 2}}); }, "target 1 is 0.5, expected 0 or 1");
  expect_internal_error([] { binary_report({{1}, {1}, {-1}}); }, "weight 0 is -1");
  expect_internal_error([] { binary_report({{1}, {1}, {kNaN}}); }, "weight 0 is nan");
  expect_internal_error([] { binary_report(kTwoLabels); },
                        "1 thresholds and 2 names do not fit the 2 labels of a binary");
  expect_internal_error(
      [] {
        two_label_report({.1, .2, .3});
      },
      "3 thresholds and 2 names do not fit the 2 labels of a multi-label");
  expect_internal_error(
      [] { compute_metrics(kTwoLabels.view(), {0.5}, {}, {"a"}, TaskConfig::Kind::kMultiLabel, 0); },
      "1 thresholds and 1 names");
}

TEST(TopMetrics, CountAsFastTextDoes) {
  // Example 1 has labels a and b, 2 has c, 3 none, 4 has a; the last weighs twice.
  const Scored scored = {
      {1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}, {3, 1, 2, 5, 5, 5, 9, 8, 7, -1, -2, -3}, {1, 1, 1, 2}, 3};
  const auto value = [&](int64_t k, size_t which) {
    return top_metrics(scored.view(), k)[which].second.value;
  };
  EXPECT_EQ(top_metrics(scored.view(), 2)[0].first, "precision_at_2");
  EXPECT_EQ(top_metrics(scored.view(), 2)[1].first, "recall_at_2");
  EXPECT_DOUBLE_EQ(value(1, 0).value(), 3.0 / 4) << "of equal logits the first label";
  EXPECT_DOUBLE_EQ(value(1, 1).value(), 3.0 / 5);
  EXPECT_DOUBLE_EQ(value(2, 0).value(), 3.0 / 8);
  EXPECT_DOUBLE_EQ(value(2, 1).value(), 3.0 / 5);
  EXPECT_DOUBLE_EQ(value(3, 0).value(), 5.0 / 12);
  EXPECT_DOUBLE_EQ(value(3, 1).value(), 1);
  const MetricReport report =
      compute_metrics(scored.view(), {0.5}, {}, {"a", "b", "c"}, TaskConfig::Kind::kMultiLabel, 0);
  EXPECT_EQ(report.find("precision_at_1")->value, value(1, 0));
  const Scored none = {{0, 0}, {1, 2}, {}, 2}, unsure = {{0, 1}, {kNaN, 2}, {}, 2};
  EXPECT_EQ(top_metrics(none.view(), 1)[1].second.undefined_reason, "no example with a label");
  EXPECT_EQ(top_metrics(unsure.view(), 2)[0].second.undefined_reason, "1 of 2 logits are not a number");
}

TEST(Metrics, KnowTheirDirection) {
  const std::vector<float> targets = {1, 0, 0, 1, 1, 0, 1, 0}, right = {2, -2, -1, 2, 1, -2, 3, -1};
  std::vector<float> wrong = right;
  for (float& logit : wrong) logit = -logit;
  for (const auto kind : {TaskConfig::Kind::kBinary, TaskConfig::Kind::kMultiLabel}) {
    const int64_t num_labels = kind == TaskConfig::Kind::kBinary ? 1 : 2;
    const auto metrics_of = [&](const std::vector<float>& logits, double loss) {
      return compute_metrics({logits, targets, {}, num_labels}, {0.5}, {}, {"a", "b"}, kind, loss).metrics;
    };
    const NamedMetrics good = metrics_of(right, 1), bad = metrics_of(wrong, 2);
    for (size_t i = 0; i < good.size(); ++i) {
      const std::string& name = good[i].first;
      ASSERT_NE(good[i].second.value.value(), bad[i].second.value.value()) << name;
      EXPECT_EQ(facts_of_metric(name).lower_is_better, *good[i].second.value < *bad[i].second.value) << name;
    }
  }
}

TEST(Metrics, KnowWhetherAnotherThresholdMakesThemOthers) {
  const std::vector<float> targets = {1, 0, 1, 0, 1, 0}, logits = {2, 1, 0.5, -0.5, -1, -2};
  const Predictions predictions = {logits, targets, {}, 2};
  const Predictions binary = {logits, targets, {}, 1};
  const auto check = [](const NamedMetrics& one, const NamedMetrics& two) {
    for (size_t i = 0; i < one.size(); ++i) {
      const bool is_other = one[i].second.value != two[i].second.value;
      EXPECT_TRUE(!is_other || facts_of_metric(one[i].first).of_decisions) << one[i].first;
    }
  };
  const auto of_both = [&](double threshold, TaskConfig::Kind kind) {
    const bool is_binary = kind == TaskConfig::Kind::kBinary;
    return compute_metrics(is_binary ? binary : predictions, {threshold}, {}, {"a", "b"}, kind, 0).metrics;
  };
  int num_dependent = 0;
  for (const auto kind : {TaskConfig::Kind::kBinary, TaskConfig::Kind::kMultiLabel}) {
    check(of_both(0.3, kind), of_both(0.8, kind));
    for (const std::string& name : metric_names(kind)) num_dependent += facts_of_metric(name).of_decisions;
  }
  EXPECT_EQ(num_dependent, 13 + 12);
}

}  // namespace
}  // namespace bernoulli

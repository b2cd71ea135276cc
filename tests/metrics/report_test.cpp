#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/metric_facts.h"
#include "metrics/metrics_fixture.h"

namespace bernoulli {
namespace {

using testing::binary_report;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Scored;
using Json = nlohmann::ordered_json;

MetricReport labelled_report(const std::vector<double>& thresholds,
                             const std::vector<std::string>& names = {"red", "blue"}) {
  const Scored scored = {{1, 0, 0, 0, 1, 0}, {1, 1, -1, -1, -1, -1}, {}, 2};
  return compute_metrics(scored.view(), thresholds, {}, names, TaskConfig::Kind::kMultiLabel, 0.5);
}

TEST(ReportJson, HoldsTheBinaryContract) {
  const Json json = to_json(binary_report({{0, 0, 0}, {-1, -2, -3}}, 0.4));
  EXPECT_EQ(json["num_examples"], 3);
  EXPECT_EQ(json["threshold"], 0.4);
  EXPECT_EQ(json["metrics"].size(), metric_names(TaskConfig::Kind::kBinary).size());
  EXPECT_EQ(json["metrics"]["loss"], 0.25);
  EXPECT_EQ(json["metrics"]["true_negatives"].dump(), "3");
  EXPECT_TRUE(json["metrics"]["roc_auc"].is_null());
  EXPECT_EQ(json["undefined"]["roc_auc"], "only one class");
  EXPECT_FALSE(json["undefined"].contains("accuracy"));
  EXPECT_FALSE(json.contains("per_label"));
  EXPECT_THAT(json.dump(), Not(HasSubstr("nan")));
}

TEST(ReportJson, AlwaysHoldsUndefined) {
  EXPECT_EQ(to_json(binary_report({{1, 0, 1}, {1, -1, 2}}))["undefined"], Json::object());
}

TEST(ReportJson, KeepsFractionsOfWeightedCounts) {
  const Json json = to_json(binary_report({{1, 0}, {1, -1}, {0.5f, 2}}));
  EXPECT_EQ(json["metrics"]["true_positives"].dump(), "0.5");
  EXPECT_EQ(json["metrics"]["true_negatives"].dump(), "2");
}

TEST(ReportJson, HoldsEachLabel) {
  const Json json = to_json(labelled_report({0.5, 0.6}));
  EXPECT_EQ(json["threshold"], (Json{0.5, 0.6}));
  EXPECT_EQ(json["per_label"]["red"]["recall"], 0.5);
  EXPECT_TRUE(json["per_label"]["blue"]["recall"].is_null());
  EXPECT_EQ(json["undefined"]["per_label.blue.recall"], "no positive example");
  EXPECT_EQ(to_json(labelled_report({0.5, 0.5}))["threshold"], 0.5);
}

TEST(ReportTable, ShowsValuesAndReasons) {
  const std::string table = to_table(binary_report({{0, 0, 0, 0}, {-1, -2, 3, -3}}, 0.4));
  EXPECT_THAT(table, HasSubstr("examples                    4\n"));
  EXPECT_THAT(table, HasSubstr("threshold                   0.4\n"));
  EXPECT_THAT(table, HasSubstr("accuracy                    0.75\n"));
  EXPECT_THAT(table, HasSubstr("roc_auc                     -  (only one class)\n"));
  EXPECT_THAT(table, Not(HasSubstr("label")));
}

TEST(ReportTable, ShowsOneLabelALine) {
  const std::string table = to_table(labelled_report({0.5, 0.6}, {"red", "na\u00EFve\x1b[31m"}));
  const std::vector<std::string> lines = {
      "label          positives  threshold  precision  recall        f1  roc_auc  average_precision",
      "red                    2        0.5          1     0.5  0.666667     0.75           0.833333",
      "na\u00EFve\\x1b[31m          0        0.6          0       -         0        -                  -"};
  for (const std::string& line : lines) EXPECT_THAT(table, HasSubstr("\n" + line + "\n"));
  EXPECT_THAT(table, Not(HasSubstr("\nthreshold")));
}

MetricReport report_of_classes() {
  const Scored scored = {{1, 0, 0, 0, 1, 0}, {1, -1, -1, 1, -1, -1}, {}, 3};
  return compute_metrics(scored.view(), {0.5}, {}, {"a", "b", "c"}, TaskConfig::Kind::kMultiLabel, 0.5);
}

TEST(ReportTable, BeginsWithPrecisionAt1WhereEachExampleHasOneLabel) {
  const std::string of_classes = to_table(report_of_classes());
  EXPECT_THAT(of_classes, HasSubstr("\nloss                        0.5\n"
                                    "precision_at_1              0.5\n"
                                    "accuracy                    0.666667\n"
                                    "hamming_loss                0.333333\n"
                                    "subset_accuracy             0.5\n"
                                    "jaccard "));
  EXPECT_THAT(to_table(labelled_report({0.5})), HasSubstr("\nloss                        0.5\naccuracy "));
}

TEST(ReportJson, SaysWhereEachExampleHasOneLabel) {
  const Json of_classes = to_json(report_of_classes());
  EXPECT_EQ(of_classes["one_label_each"], true);
  EXPECT_STREQ(headline_metric(of_classes), "precision_at_1");
  const Json of_sets = to_json(labelled_report({0.5}));
  EXPECT_FALSE(of_sets.contains("one_label_each"));
  EXPECT_STREQ(headline_metric(of_sets), "accuracy");
  EXPECT_STREQ(baseline_metric({{"accuracy", 0.5}, {"precision_at_1", 0.25}}), "precision_at_1");
  EXPECT_STREQ(baseline_metric({{"accuracy", 0.5}}), "accuracy");
}

TEST(SlicesTable, ShowsOneSliceALineAndCutsItsName) {
  const std::string table = to_table(SlicedReport{
      "source",
      {{"mail", binary_report({{1, 0}, {1, -1}})}, {std::string(3000, 'x'), binary_report({{1}, {1}})}}});
  EXPECT_THAT(table, HasSubstr("source  "));
  EXPECT_THAT(table, HasSubstr("\n" + std::string(60, 'x') + "…  "));
  EXPECT_THAT(table, ::testing::ContainsRegex("mail +2 +1 +1 +1 +1 +1 +0.313"));
  EXPECT_THAT(table, ::testing::ContainsRegex("…  +1 +1 +1 +1 +1 +- +0.313"));
}

}  // namespace
}  // namespace bernoulli

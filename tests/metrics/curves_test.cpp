// Curve points worked out by hand, and scikit-learn's: golden/curves.json and the script beside it.

#include "metrics/curves.h"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "metrics/decision.h"
#include "metrics/metrics_fixture.h"
#include "metrics/probability_metrics.h"

namespace bernoulli {
namespace {

using testing::Scored;

std::vector<ScoredExample> decisions(const Scored& scored) { return score_label(scored.view(), 0, 0.5); }
std::vector<TieGroup> ranking(const Scored& scored) { return rank_by_logit(decisions(scored)); }

/// Descending: 2 positive, 1 negative, 0 one of each, -1 negative.
const Scored kFiveRanked = {{1, 0, 1, 0, 0}, {2, 1, 0, 0, -1}};

TEST(Curves, RocByHand) {
  const std::vector<RocPoint> points = roc_curve(ranking(kFiveRanked));
  const std::vector<std::pair<double, double>> expected = {
      {0, 0}, {0, 0.5}, {1.0 / 3, 0.5}, {2.0 / 3, 1}, {1, 1}};
  ASSERT_EQ(points.size(), expected.size());
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_DOUBLE_EQ(points[i].false_positive_rate, expected[i].first) << i;
    EXPECT_DOUBLE_EQ(points[i].true_positive_rate, expected[i].second) << i;
  }
}

TEST(Curves, PrecisionAndRecallByHand) {
  const std::vector<PrecisionRecallPoint> points = precision_recall_curve(ranking(kFiveRanked));
  const std::vector<std::pair<double, double>> expected = {{0.5, 1}, {0.5, 0.5}, {1, 0.5}, {1, 0.4}};
  ASSERT_EQ(points.size(), expected.size());
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_DOUBLE_EQ(points[i].recall, expected[i].first) << i;
    EXPECT_DOUBLE_EQ(points[i].precision, expected[i].second) << i;
  }
}

TEST(Curves, AThresholdIsStrict) {
  // sigmoid(0) is 1/2: at the threshold 1/2 the two examples with logit 0 are negative.
  const std::vector<ThresholdPoint> points = threshold_curve(ranking(kFiveRanked), 2);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_DOUBLE_EQ(points[0].precision.value(), 0.4);
  EXPECT_DOUBLE_EQ(points[0].recall.value(), 1);
  EXPECT_DOUBLE_EQ(points[1].threshold, 0.5);
  EXPECT_DOUBLE_EQ(points[1].precision.value(), 0.5);
  EXPECT_DOUBLE_EQ(points[1].recall.value(), 0.5);
  EXPECT_DOUBLE_EQ(points[1].f1.value(), 0.5);
  EXPECT_FALSE(points[2].precision);  // nothing is above 1
  EXPECT_DOUBLE_EQ(points[2].recall.value(), 0);
  EXPECT_DOUBLE_EQ(points[2].f1.value(), 0);
}

TEST(Curves, AreEmptyWhereAClassIsMissing) {
  const std::vector<TieGroup> negatives = ranking({{0, 0}, {1, 2}}), positives = ranking({{1, 1}, {1, 2}});
  EXPECT_TRUE(roc_curve(negatives).empty());
  EXPECT_TRUE(precision_recall_curve(negatives).empty());
  EXPECT_TRUE(roc_curve(positives).empty());
  EXPECT_EQ(precision_recall_curve(positives).size(), 2u);
  EXPECT_TRUE(roc_curve({}).empty());
  EXPECT_FALSE(threshold_curve({}, 1)[0].recall);
}

TEST(Curves, PassOverExamplesWithoutWeight) {
  const std::vector<TieGroup> weightless = ranking({{1, 1, 0}, {3, 1, 0}, {0, 1, 1}});
  const std::vector<PrecisionRecallPoint> points = precision_recall_curve(weightless);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_DOUBLE_EQ(points[0].precision, 1);
}

TEST(Curves, CalibrationBinsByHand) {
  const std::vector<CalibrationBin> bins =
      calibration_bins(decisions({{0, 1, 1, 1}, {-200, 0, 0.1f, 200}, {1, 2, 1, 4}}), 2);
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_EQ(bins[0].examples, 1);
  EXPECT_DOUBLE_EQ(bins[0].weight, 1);
  EXPECT_NEAR(bins[0].probability, 0, 1e-80);
  EXPECT_DOUBLE_EQ(bins[0].positive, 0);
  EXPECT_EQ(bins[1].examples, 3);  // 1/2 opens the second bin, 1 closes it
  EXPECT_DOUBLE_EQ(bins[1].weight, 7);
  EXPECT_DOUBLE_EQ(bins[1].probability, 2 * 0.5 + sigmoid(0.1f) + 4);
  EXPECT_DOUBLE_EQ(bins[1].positive, 7);
}

nlohmann::json scikit_learn() {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/curves.json");
  return nlohmann::json::parse(file);
}

void expect_value(const std::optional<double>& got, const nlohmann::json& expected,
                  const std::string& where) {
  ASSERT_EQ(got.has_value(), !expected.is_null()) << where;
  if (got) {
    EXPECT_NEAR(*got, expected, 1e-12) << where;
  }
}

TEST(Curves, AreThoseOfScikitLearn) {
  const nlohmann::json file = scikit_learn();
  ASSERT_EQ(file["cases"].size(), 3u);
  for (const nlohmann::json& item : file["cases"]) {
    const std::string name = item["name"];
    const Scored scored = {item["targets"], item["logits"], item["weights"]};
    const std::vector<TieGroup> ranked = ranking(scored);

    const std::vector<RocPoint> roc = roc_curve(ranked);
    ASSERT_EQ(roc.size(), item["true_positive_rate"].size()) << name;
    for (size_t i = 0; i < roc.size(); ++i) {
      EXPECT_NEAR(roc[i].false_positive_rate, item["false_positive_rate"][i], 1e-12) << name << i;
      EXPECT_NEAR(roc[i].true_positive_rate, item["true_positive_rate"][i], 1e-12) << name << i;
    }
    const std::vector<PrecisionRecallPoint> curve = precision_recall_curve(ranked);
    ASSERT_EQ(curve.size(), item["recall"].size()) << name;
    for (size_t i = 0; i < curve.size(); ++i) {
      EXPECT_NEAR(curve[i].recall, item["recall"][i], 1e-12) << name << i;
      EXPECT_NEAR(curve[i].precision, item["precision"][i], 1e-12) << name << i;
    }
    const std::vector<ThresholdPoint> points = threshold_curve(ranked, file["steps"]);
    ASSERT_EQ(points.size(), item["thresholds"].size()) << name;
    for (size_t i = 0; i < points.size(); ++i) {
      const nlohmann::json& expected = item["thresholds"][i];
      expect_value(points[i].precision, expected[0], name + " precision");
      expect_value(points[i].recall, expected[1], name + " recall");
      expect_value(points[i].f1, expected[2], name + " f1");
    }
  }
}

TEST(Curves, CalibrationBinsAreThoseOfScikitLearn) {
  const nlohmann::json file = scikit_learn();
  int num_cases = 0;
  for (const nlohmann::json& item : file["cases"]) {
    if (!item.contains("bins")) continue;
    ++num_cases;
    size_t used = 0;
    for (const CalibrationBin& bin :
         calibration_bins(decisions({item["targets"], item["logits"]}), file["calibration_bins"])) {
      if (bin.examples == 0) continue;
      ASSERT_LT(used, item["bins"]["mean"].size());
      EXPECT_NEAR(bin.probability / bin.weight, item["bins"]["mean"][used], 1e-12);
      EXPECT_NEAR(bin.positive / bin.weight, item["bins"]["positive"][used], 1e-12);
      ++used;
    }
    EXPECT_EQ(used, item["bins"]["mean"].size());
  }
  EXPECT_EQ(num_cases, 2);
}

}  // namespace
}  // namespace bernoulli

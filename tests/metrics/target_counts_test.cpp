#include "metrics/target_counts.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "metrics/compute.h"

namespace bernoulli {
namespace {

TEST(TargetCounts, AreThoseOfEachColumn) {
  const std::vector<float> targets = {1, 0, 1, 0, 0, 1, 1, 0, 1};
  const std::vector<TargetCounts> counts = count_targets(targets, 3);
  ASSERT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts[0].positive, 2);
  EXPECT_EQ(counts[0].negative, 1);
  EXPECT_TRUE(counts[0].has_both());
  EXPECT_EQ(counts[1].positive, 0);
  EXPECT_EQ(counts[1].negative, 3);
  EXPECT_FALSE(counts[1].has_both());
  EXPECT_EQ(counts[2].negative, 0);
  EXPECT_FALSE(counts[2].has_both());
}

TEST(HasOneLabelEach, IsOfThreeLabelsOrMoreAndExamplesThatWeigh) {
  const std::vector<float> one_each = {1, 0, 0, 0, 0, 1}, none = {1, 0, 0, 0, 0, 0}, two = {1, 0, 0, 1, 0, 1};
  EXPECT_TRUE(has_one_label_each(one_each, {}, 3));
  EXPECT_FALSE(has_one_label_each(none, {}, 3));
  EXPECT_FALSE(has_one_label_each(two, {}, 3));
  EXPECT_FALSE(has_one_label_each(std::vector<float>{1, 0, 0, 1}, {}, 2)) << "yes or no says as much";
  EXPECT_FALSE(has_one_label_each({}, {}, 3));
  const std::vector<float> first_only = {2, 0}, nothing = {0, 0};
  EXPECT_TRUE(has_one_label_each(two, first_only, 3));
  EXPECT_FALSE(has_one_label_each(one_each, nothing, 3));
}

/// Draws of predictions for these targets, and the values that a metric has on them.
struct Seen {
  std::set<double> values;
  bool always_defined = true;
};

std::map<std::string, Seen> seen_metrics(const std::vector<float>& targets, int64_t num_labels) {
  const bool binary = num_labels == 1;
  const TaskConfig::Kind kind = binary ? TaskConfig::Kind::kBinary : TaskConfig::Kind::kMultiLabel;
  const std::vector<std::string> names(static_cast<size_t>(num_labels), "a label");
  std::map<std::string, Seen> seen;
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<float> logits;
    for (size_t i = 0; i < targets.size(); ++i)
      logits.push_back(
          static_cast<float>(i < targets.size() / 2 ? 2 * random.uniform() - 1 : random.uniform()));
    logits[static_cast<size_t>(round) % logits.size()] = -1;
    const MetricReport report =
        compute_metrics({logits, targets, {}, num_labels}, {0.5}, {}, names, kind, random.uniform());
    for (const auto& [name, metric] : report.metrics) {
      if (metric.value) seen[name].values.insert(std::round(*metric.value * 1e9));
      seen[name].always_defined &= metric.value.has_value();
    }
  }
  return seen;
}

/// Against compute_metrics: what misses something is never more than one value, and what is undefined for
/// some predictions of both classes misses something.
void expect_agreement(const std::vector<float>& targets, int64_t num_labels,
                      const std::set<std::string>& constant) {
  const std::vector<TargetCounts> counts = count_targets(targets, num_labels);
  for (const auto& [name, seen] : seen_metrics(targets, num_labels)) {
    const std::string missing = missing_for(name, counts);
    if (!missing.empty()) {
      EXPECT_LE(seen.values.size(), 1u) << name << ": " << missing;
    } else {
      EXPECT_TRUE(seen.always_defined) << name;
      EXPECT_TRUE(seen.values.size() > 1 || constant.contains(name)) << name;
    }
  }
}

TEST(MissingFor, IsWhatMakesAMetricUndefinedOrConstant) {
  expect_agreement({1, 0, 1, 0, 0, 1, 0, 1}, 1, {});
  expect_agreement({0, 0, 0, 0, 0, 0, 0, 0}, 1, {"true_positives", "false_negatives"});
  expect_agreement({1, 1, 1, 1, 1, 1, 1, 1}, 1, {"false_positives", "true_negatives"});
  expect_agreement({1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0}, 2, {});
  expect_agreement({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 2, {});
  expect_agreement({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 2, {});
  expect_agreement({1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, 2, {});
}

TEST(MissingFor, SaysWhat) {
  const std::vector<TargetCounts> negatives = {{0, 5}}, positives = {{5, 0}}, one_each = {{5, 0}, {0, 5}};
  EXPECT_EQ(missing_for("roc_auc", negatives), "no positive example");
  EXPECT_EQ(missing_for("roc_auc", positives), "no negative example");
  EXPECT_EQ(missing_for("specificity", positives), "no negative example");
  EXPECT_EQ(missing_for("recall", positives), "");
  EXPECT_EQ(missing_for("f_beta", negatives), "no positive example");
  EXPECT_EQ(missing_for("loss", negatives), "");
  EXPECT_EQ(missing_for("micro_roc_auc", one_each), "");
  EXPECT_EQ(missing_for("macro_roc_auc", one_each), "no label with both positive and negative examples");
  EXPECT_EQ(missing_for("macro_f1", one_each), "");
  EXPECT_EQ(missing_for("macro_f1", {{0, 5}, {0, 5}}), "no positive example");
  EXPECT_EQ(missing_for("precision_at_1", {{0, 5}, {0, 5}}), "no positive example");
  EXPECT_EQ(missing_for("precision_at_1", one_each), "");
}

}  // namespace
}  // namespace bernoulli

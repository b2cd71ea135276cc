// Intervals of metrics, against scikit-learn and NumPy: golden/curves.json and the script beside it.

#include "metrics/metric_intervals.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "metrics/metrics_fixture.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::Scored;

MetricIntervals intervals_of(const Scored& scored, TaskConfig::Kind kind = TaskConfig::Kind::kBinary,
                             uint64_t seed = 1) {
  return metric_intervals(scored.view(), {0.5}, {}, kind, seed);
}

TEST(MetricIntervals, AreThoseOfScikitLearnAndNumPy) {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/curves.json");
  const nlohmann::json golden = nlohmann::json::parse(file)["bootstrap"];
  const MetricIntervals found = intervals_of({golden["targets"], golden["first"], golden["weights"]},
                                             TaskConfig::Kind::kBinary, golden["seed"]);
  ASSERT_GE(golden["intervals"].size(), 9u);
  for (const auto& [name, expected] : golden["intervals"].items()) {
    const Interval* interval = found.find(name);
    ASSERT_NE(interval, nullptr) << name;
    EXPECT_NEAR(interval->low.value(), expected[0], 2e-7) << name;  // a float32 weight times a count
    EXPECT_NEAR(interval->high.value(), expected[1], 2e-7) << name;
  }
}

TEST(MetricIntervals, LeaveOutCountsTheLossAndWhatResamplingBiases) {
  const MetricIntervals found = intervals_of({{1, 0, 1, 0}, {1, -1, 2, 1}});
  for (const char* name : {"loss", "true_positives", "false_negatives", "expected_calibration_error"})
    EXPECT_EQ(found.find(name), nullptr) << name;
  EXPECT_NE(found.find("specificity"), nullptr);
}

// 400 answers right with probability .8: the interval of a share is close to mean +- 1.96 standard errors.
TEST(MetricIntervals, OfAccuracyAreThoseOfAShare) {
  Scored scored;
  Random random(7);
  double right = 0;
  for (int i = 0; i < 400; ++i) {
    const bool is_right = random.below(10) < 8;
    right += is_right;
    scored.targets.push_back(i % 2 == 0 ? 1.0f : 0.0f);
    scored.logits.push_back((i % 2 == 0) == is_right ? 1.0f : -1.0f);
  }
  const double share = right / 400, error = std::sqrt(share * (1 - share) / 400);
  const MetricIntervals found = intervals_of(scored);
  EXPECT_NEAR(found.find("accuracy")->low.value(), share - 1.96 * error, 0.005);
  EXPECT_NEAR(found.find("accuracy")->high.value(), share + 1.96 * error, 0.005);
  EXPECT_FALSE(found.too_narrow());
  const Interval again = *intervals_of(scored).find("roc_auc");
  EXPECT_EQ(again.low, found.find("roc_auc")->low) << "depends on the seed alone";
  EXPECT_NE(intervals_of(scored, TaskConfig::Kind::kBinary, 2).find("roc_auc")->low, again.low);
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
  EXPECT_DOUBLE_EQ(several.find("subset_accuracy")->low.value(), single.find("accuracy")->low.value());
  EXPECT_DOUBLE_EQ(several.find("micro_f1")->high.value(), single.find("f1")->high.value());
  EXPECT_DOUBLE_EQ(several.find("macro_roc_auc")->low.value(), single.find("roc_auc")->low.value());
}

TEST(MetricIntervals, SayWhyThereIsNone) {
  // One positive of three: in 8 of 27 resamples there is none.
  const MetricIntervals few = intervals_of({{1, 0, 0}, {1, -1, -2}});
  EXPECT_TRUE(few.too_narrow());
  EXPECT_EQ(few.num_rarer, 1);
  nlohmann::ordered_json undefined = nlohmann::ordered_json::object();
  const nlohmann::ordered_json json = to_json(few, undefined);
  EXPECT_TRUE(json["roc_auc"].is_null());
  EXPECT_THAT(undefined["intervals.roc_auc"].get<std::string>(), HasSubstr("too few examples"));
  EXPECT_EQ(json["accuracy"], (nlohmann::ordered_json{1.0, 1.0}));
  const std::string table = to_table(testing::binary_report({{1, 0, 0}, {1, -1, -2}}), &few);
  EXPECT_THAT(table, HasSubstr("accuracy                    1  95 % interval 1 to 1\n"));
  EXPECT_THAT(table, HasSubstr("roc_auc                     1  no interval (too few examples: "));
}

}  // namespace
}  // namespace bernoulli

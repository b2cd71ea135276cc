// Two classifiers on the same examples, by hand and by scikit-learn and NumPy: golden/curves.json and the
// script beside it.

#include "metrics/paired_comparison.h"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "metrics/metrics_fixture.h"
#include "metrics/significance.h"

namespace bernoulli {
namespace {

using testing::Scored;

const DecisionRule kAtHalf = {0.5};

PairedComparison compare(const Scored& first, const Scored& second, uint64_t seed = 1) {
  const std::vector<PairedAnswers> others = {{second.view(), kAtHalf}};
  return compare_paired({first.view(), kAtHalf}, others, seed).front();
}

TEST(PairedComparison, CountsWhatOnlyOneGotRight) {
  // Right of the first: 1, 2, 4; of the second: 2, 3, 4, 5, 6.
  const Scored first = {{1, 0, 1, 0, 1, 1}, {1, -1, -1, -1, -1, -1}};
  const Scored second = {first.targets, {-1, -1, 1, -1, 1, 1}};
  const PairedComparison result = compare(first, second);
  EXPECT_EQ(result.num_examples, 6);
  EXPECT_EQ(result.only_first_right, 1);
  EXPECT_EQ(result.only_second_right, 3);
  EXPECT_DOUBLE_EQ(result.accuracy_difference(), 2.0 / 6);
  EXPECT_DOUBLE_EQ(result.mcnemar_p, 0.625);  // 2 * (1 + 4) / 16
  EXPECT_EQ(result.num_rarer, 2);
  EXPECT_TRUE(result.intervals_too_narrow());
  ASSERT_EQ(result.differences.size(), 2u);
  EXPECT_EQ(result.differences[0].metric, "f1");
  EXPECT_DOUBLE_EQ(result.differences[0].difference.value(), 6.0 / 7 - 2.0 / 5);
}

TEST(PairedComparison, OfAModelWithItselfIsNothing) {
  const Scored scored = {{1, 0, 1, 0, 1, 0, 0, 1}, {1, -1, -1, 2, 3, -2, 1, 1}};
  const PairedComparison result = compare(scored, scored);
  EXPECT_EQ(result.mcnemar_p, 1);
  for (const PairedDifference& difference : result.differences) {
    EXPECT_EQ(difference.difference, 0);
    EXPECT_EQ(difference.interval.low, 0);
    EXPECT_EQ(difference.interval.high, 0);
  }
}

TEST(PairedComparison, DependsOnTheSeedAlone) {
  const Scored first = {{1, 0, 1, 0, 1, 0, 0, 1}, {1, -1, -1, 2, 3, -2, 1, 1}};
  const Scored second = {first.targets, {2, -1, 1, -2, 3, -2, 1, -1}};
  const auto low = [&](uint64_t seed) {
    return compare(first, second, seed).differences[1].interval.low.value();
  };
  EXPECT_EQ(low(1), low(1));
  EXPECT_NE(low(1), low(2));
}

TEST(PairedComparison, BootstrapIsThatOfScikitLearnAndNumPy) {
  std::ifstream file(BERNOULLI_TEST_SOURCE_DIR "/golden/curves.json");
  const nlohmann::json golden = nlohmann::json::parse(file)["bootstrap"];
  const PairedComparison result =
      compare({golden["targets"], golden["first"], golden["weights"]},
              {golden["targets"], golden["second"], golden["weights"]}, golden["seed"]);
  EXPECT_EQ(result.only_first_right, golden["only_first_right"]);
  EXPECT_EQ(result.only_second_right, golden["only_second_right"]);
  EXPECT_EQ(result.mcnemar_p, mcnemar_p(result.only_first_right, result.only_second_right));
  for (const PairedDifference& difference : result.differences) {
    const nlohmann::json& expected = golden[difference.metric];
    EXPECT_NEAR(difference.difference.value(), expected["difference"], 1e-12) << difference.metric;
    EXPECT_NEAR(difference.interval.low.value(), expected["low"], 1e-12) << difference.metric;
    EXPECT_NEAR(difference.interval.high.value(), expected["high"], 1e-12) << difference.metric;
  }
}

TEST(PairedComparison, OfSeveralLabelsWantsAllOfThemRight) {
  const Scored first = {{1, 0, 0, 1}, {1, -1, -1, -1}, {}, 2};   // the second example has one label wrong
  const Scored second = {first.targets, {1, -1, -1, 1}, {}, 2};  // all right
  const DecisionRule rule = {0.5, 0.4};
  const std::vector<PairedAnswers> others = {{second.view(), rule}};
  const PairedComparison result = compare_paired({first.view(), rule}, others, 1).front();
  EXPECT_EQ(result.only_first_right, 0);
  EXPECT_EQ(result.only_second_right, 1);
  EXPECT_EQ(result.differences[0].metric, "micro_f1");
  EXPECT_DOUBLE_EQ(result.differences[0].difference.value(), 1 - 2.0 / 3);
  EXPECT_EQ(result.differences[1].metric, "micro_roc_auc");
}

TEST(PairedComparison, OfSeveralWithTheFirstIsThatOfEachAlone) {
  const Scored first = {{1, 0, 1, 0, 1, 0, 0, 1}, {1, -1, -1, 2, 3, -2, 1, 1}};
  const Scored second = {first.targets, {2, -1, 1, -2, 3, -2, 1, -1}};
  const Scored third = {first.targets, {1, 1, 1, -2, 0, 0, 1, -3}};
  const std::vector<PairedAnswers> others = {{second.view(), kAtHalf}, {third.view(), kAtHalf}};
  std::vector<int64_t> resamples;
  const auto together = compare_paired({first.view(), kAtHalf}, others, 1,
                                       [&](int64_t resample) { resamples.push_back(resample); });
  EXPECT_EQ(resamples.size(), static_cast<size_t>(kNumResamples)) << "each is drawn once for all";
  ASSERT_EQ(together.size(), 2u);
  for (const auto& [other, result] : {std::pair(&second, &together[0]), std::pair(&third, &together[1])}) {
    const PairedComparison alone = compare(first, *other);
    EXPECT_EQ(result->mcnemar_p, alone.mcnemar_p);
    for (size_t i = 0; i < alone.differences.size(); ++i) {
      EXPECT_EQ(result->differences[i].difference, alone.differences[i].difference);
      EXPECT_EQ(result->differences[i].interval.low, alone.differences[i].interval.low);
      EXPECT_EQ(result->differences[i].interval.high, alone.differences[i].interval.high);
    }
  }
}

TEST(PairedComparison, SaysWhyThereIsNoDifferenceOrNoInterval) {
  const Scored negatives = {{0, 0}, {1, -1}};
  const PairedComparison none = compare(negatives, negatives);
  EXPECT_FALSE(none.differences[1].difference);
  EXPECT_EQ(none.differences[1].interval.undefined_reason, "only one class");
  // One positive of three: in 8 of 27 resamples there is none.
  const Scored rare = {{1, 0, 0}, {1, -1, -2}};
  const PairedComparison few = compare(rare, rare);
  EXPECT_EQ(few.differences[1].difference, 0);
  EXPECT_FALSE(few.differences[1].interval.low);
  EXPECT_EQ(few.differences[1].interval.undefined_reason,
            "too few examples: more than 5 % of the resamples lack the metric");
}

TEST(PairedComparison, RefusesOtherExamples) {
  EXPECT_THROW(compare({{1, 0}, {1, 1}}, {{1, 1}, {1, 1}}), InternalError);
  EXPECT_THROW(compare({{1, 0}, {1, 1}}, {{1}, {1}}), InternalError);
  EXPECT_THROW(compare({{1, 0}, {1, 1}}, {{1, 0}, {1, 1}, {1, 2}}), InternalError);
}

}  // namespace
}  // namespace bernoulli

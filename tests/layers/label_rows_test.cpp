#include "layers/label_rows.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layers/plan_fixture.h"

namespace bernoulli::layers {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

LabelRows rows_of(const std::string& list, int64_t num_outputs) {
  return label_rows(testing::plan(list, {.num_outputs = num_outputs}));
}

TEST(LabelRowsOf, TheLastLinearLayerHoldALabelEach) {
  const LabelRows rows = rows_of("[{embedding: 2}, {linear: 3}, mean_pool, {linear: 3}, {dropout: 0.5}]", 3);
  EXPECT_THAT(rows.first_label, ElementsAre(Pair("linear_3.bias", 0), Pair("linear_3.weight", 0)));
  EXPECT_TRUE(rows.are_odd);
}

TEST(LabelRowsOf, LayersBeforeAPoolAndOfNormsBehindThem) {
  const LabelRows rows = rows_of(
      "[{embedding: 2}, {conv1d: {channels: 2, kernel_size: 3, bias: false}}, mean_pool, layer_norm]", 2);
  EXPECT_THAT(rows.first_label, ElementsAre(Pair("conv1d_1.weight", 0), Pair("layer_norm_3.bias", 0),
                                            Pair("layer_norm_3.weight", 0)));
  EXPECT_FALSE(rows.are_odd);
  EXPECT_TRUE(rows_of("[{embedding: 2}, {linear: 2}, mean_pool]", 2).are_odd);
  EXPECT_FALSE(rows_of("[{embedding: 2}, {linear: 2}, max_pool]", 2).are_odd);
}

TEST(LabelRowsOf, BranchesBeginWhereTheBranchesBeforeThemEnd) {
  const LabelRows rows = rows_of(
      "[{embedding: 2}, {parallel: [[mean_pool, {linear: 2}], [max_pool, {linear: {units: 1, bias: "
      "false}}]]}]",
      3);
  EXPECT_THAT(rows.first_label, ElementsAre(Pair("linear_1_0_1.bias", 0), Pair("linear_1_0_1.weight", 0),
                                            Pair("linear_1_1_1.weight", 2)));
}

TEST(LabelRowsOf, SummedBranchesAllBeginWithTheFirstLabel) {
  const LabelRows rows = rows_of(
      "[{embedding: 2}, mean_pool, {parallel: {join: sum, branches: [[{linear: {units: 2, bias: false}}, "
      "tanh], [{linear: {units: 2, bias: false}}]]}}]",
      2);
  EXPECT_THAT(rows.first_label, ElementsAre(Pair("linear_2_0_0.weight", 0), Pair("linear_2_1_0.weight", 0)));
  EXPECT_FALSE(rows.are_odd);
  const LabelRows before =
      rows_of("[{embedding: 2}, mean_pool, {linear: 2}, {parallel: {join: sum, branches: [[], [relu]]}}]", 2);
  EXPECT_THAT(before.first_label, ElementsAre(Pair("linear_2.bias", 0), Pair("linear_2.weight", 0)));
}

TEST(LabelRowsOf, ModelsThatHoldLabelsOtherwiseAreNotTold) {
  for (const char* list :
       {"[{embedding: 2}, mean_pool]", "[{embedding: 2}, layer_norm, sum_pool]",
        "[{embedding: 2}, {linear: 2}, {attention_pool: 4}]",
        // The rows of the branch have labels as columns too.
        "[{embedding: 2}, mean_pool, {linear: 2}, {parallel: {join: sum, branches: [[], [{linear: 2}]]}}]",
        "[{embedding: 2}, mean_pool, {linear: 1}, {parallel: [[], []]}]"})
    EXPECT_THAT(rows_of(list, 2).first_label, IsEmpty()) << list;
}

}  // namespace
}  // namespace bernoulli::layers

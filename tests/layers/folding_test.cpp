#include "layers/folding.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layers/plan_fixture.h"

namespace bernoulli::layers {
namespace {

using ::testing::ElementsAre;
using testing::plan;

std::string fault(const std::string& layers, int64_t num_outputs = 1) {
  return folding_fault(plan(layers, {.num_outputs = num_outputs}));
}

TEST(Folding, TakesAPoolWithLinearLayersBehindItAndNoMoreLabelsThanATokenHasNumbers) {
  EXPECT_EQ(
      fault("[{embedding: 4}, {word_dropout: 0.5}, mean_pool, {linear: 8}, {dropout: 0.1}, {linear: 1}]"),
      "");
  EXPECT_EQ(fault("[{embedding_bag: {dim: 2, mode: sum}}, {linear: 2}]", 2), "");
  EXPECT_EQ(fault("[{embedding_bag: {dim: 2, mode: sum}}, {linear: 3}]", 3),
            "3 labels are more than the 2 numbers of a token: the table would grow");
}

TEST(Folding, NamesTheLayerThatIsInTheWay) {
  EXPECT_EQ(fault("[{embedding_bag: {dim: 2, mode: max}}, {linear: 1}]"),
            "the model has embedding_bag with mode: max");
  EXPECT_EQ(fault("[{embedding: 4}, {conv1d: {channels: 3, kernel_size: 3}}, mean_pool, {linear: 1}]"),
            "the model has conv1d before the pool");
  EXPECT_EQ(fault("[{embedding: 4}, mean_pool, {linear: 3}, relu, {linear: 1}]"),
            "the model has relu behind the pool (relu_3)");
}

TEST(Folding, GivesAPlanOfTheTableThePoolAndOneLinearLayer) {
  const TextConfig text;
  const ModelPlan folded = folded_plan(
      plan("[{embedding: 4}, {dropout: 0.5}, sum_pool, {linear: 8}, {linear: 2}]", {.num_outputs = 2}), text);
  std::vector<std::string> names;
  for (const NamedLayer& layer : folded.layers) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("embedding_0", "sum_pool_1", "linear_2"));
  EXPECT_THAT(folded.layers[0].plan.parameters[0].shape, ElementsAre(10, 2));
  EXPECT_THAT(folded.layers[2].plan.parameters[0].shape, ElementsAre(2, 2));
}

}  // namespace
}  // namespace bernoulli::layers

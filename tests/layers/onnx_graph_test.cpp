#include "layers/onnx_graph.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layers/plan_fixture.h"

namespace bernoulli::layers {
namespace {

using ::testing::ElementsAre;

/// The operators that the layers of a model become, in order.
std::vector<std::string> operators(const std::string& list) {
  const ModelPlan model = testing::plan(list, {.sequence_length = 3});
  OnnxGraph graph;
  std::string x = kOnnxIds;
  for (const NamedLayer& layer : model.layers) {
    if (layer.plan.training_only) continue;
    graph.begin_layer(layer.name);
    x = layer.plan.onnx(graph, x);
  }
  std::vector<std::string> names;
  for (const OnnxNode& node : graph.nodes()) names.push_back(node.op);
  EXPECT_EQ(x, graph.nodes().back().output);
  return names;
}

TEST(OnnxGraph, DropoutLeavesNothing) {
  EXPECT_THAT(operators("[{embedding: 2}, {dropout: 0.5}, {spatial_dropout: 0.5}, {word_dropout: 0.5}, "
                        "{mean_pool: {padding: include}}, {linear: 1}]"),
              ElementsAre("Gather", "ReduceMean", "Transpose", "MatMul", "Add"));
}

TEST(OnnxGraph, FindsTheRealTokensOnce) {
  EXPECT_THAT(operators("[{embedding_bag: {dim: 2, mode: max}}, {linear: {units: 1, bias: false}}]"),
              ElementsAre("Gather", "Equal", "Not", "Unsqueeze", "Where", "ReduceMax", "Cast", "ReduceSum",
                          "Greater", "Where", "Transpose", "MatMul"));
}

TEST(OnnxGraph, NamesValuesAfterTheirLayerAndNoTwoAlike) {
  OnnxGraph graph;
  graph.begin_layer("linear_3");
  EXPECT_EQ(graph.parameter("weight"), "linear_3.weight");
  EXPECT_EQ(graph.add("Relu", {"x"}), "linear_3/Relu_0");
  EXPECT_EQ(graph.add("Relu", {"x"}), "linear_3/Relu_1");
  EXPECT_EQ(graph.constant(1.0f), "linear_3/constant_0");
  EXPECT_EQ(graph.constant(std::vector<int64_t>{1, 2}), "linear_3/constant_1");
}

}  // namespace
}  // namespace bernoulli::layers

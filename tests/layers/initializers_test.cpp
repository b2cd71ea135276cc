#include <cmath>

#include <gtest/gtest.h>

#include "layers/plan_fixture.h"

namespace bernoulli::layers {
namespace {

using testing::plan;
using Kind = Initializer::Kind;

void expect_initializer(const Initializer& got, Kind kind, double a, double b) {
  EXPECT_EQ(got.kind, kind);
  EXPECT_NEAR(got.a, a, 1e-15);
  EXPECT_NEAR(got.b, b, 1e-15);
}

/// Of parameter `parameter` in layer `layer` of embedding 4, mean_pool, linear 6 -> 1.
Initializer initializer_of(const std::string& style, size_t layer, size_t parameter) {
  return plan("[{embedding: 4}, mean_pool, {linear: 6}, {linear: 1}]", {.initializer = style})
      .layers[layer]
      .plan.parameters[parameter]
      .initializer;
}

TEST(Initializers, KerasDefaultsAreThoseOfKeras) {
  expect_initializer(initializer_of("keras", 0, 0), Kind::kUniform, -0.05, 0.05);
  const double bound = std::sqrt(6.0 / (4 + 6));
  expect_initializer(initializer_of("keras", 2, 0), Kind::kUniform, -bound, bound);
  expect_initializer(initializer_of("keras", 2, 1), Kind::kZeros, 0, 0);
}

TEST(Initializers, TorchDefaultsAreThoseOfTorch) {
  expect_initializer(initializer_of("torch", 0, 0), Kind::kNormal, 0, 1);
  expect_initializer(initializer_of("torch", 2, 0), Kind::kUniform, -0.5, 0.5);  // 1 / sqrt(4)
  expect_initializer(initializer_of("torch", 2, 1), Kind::kUniform, -0.5, 0.5);
  const double sixth = 1 / std::sqrt(6.0);
  expect_initializer(initializer_of("torch", 3, 0), Kind::kUniform, -sixth, sixth);
}

/// Of a linear layer from 4 to 6 features.
Initializer explicit_initializer(const std::string& value) {
  return plan("[{embedding: 4}, mean_pool, {linear: {units: 6, initializer: " + value + "}}, {linear: 1}]")
      .layers[2]
      .plan.parameters[0]
      .initializer;
}

/// Of the second layer.
std::vector<ParameterSpec> parameters_of(const std::string& layers, const std::string& style) {
  return plan(layers, {.initializer = style}).layers[1].plan.parameters;
}

TEST(Initializers, AWindowCountsInBothFans) {
  const std::string list =
      "[{embedding: 4}, {conv1d: {channels: 6, kernel_size: 5}}, mean_pool, {linear: 1}]";
  const auto keras = parameters_of(list, "keras");
  const double bound = std::sqrt(6.0 / (5 * 4 + 5 * 6));
  expect_initializer(keras[0].initializer, Kind::kUniform, -bound, bound);
  expect_initializer(keras[1].initializer, Kind::kZeros, 0, 0);
  for (const ParameterSpec& spec : parameters_of(list, "torch"))
    expect_initializer(spec.initializer, Kind::kUniform, -1 / std::sqrt(20.0), 1 / std::sqrt(20.0));
}

TEST(Initializers, RecurrentLayersStartAsThoseOfKerasOrTorch) {
  for (const std::string kind : {"gru", "lstm"}) {
    SCOPED_TRACE(kind);
    const int gates = kind == "gru" ? 3 : 4;
    const std::string list = "[{embedding: 4}, {" + kind + ": {units: 9, output: last}}, {linear: 1}]";
    const auto keras = parameters_of(list, "keras");
    const double bound = std::sqrt(6.0 / (4 + gates * 9));
    expect_initializer(keras[0].initializer, Kind::kUniform, -bound, bound);
    expect_initializer(keras[1].initializer, Kind::kOrthogonal, 0, 0);
    expect_initializer(keras[2].initializer, Kind::kZeros, 0, 0);
    expect_initializer(keras[3].initializer, Kind::kZeros, 0, 0);
    for (const ParameterSpec& spec : parameters_of(list, "torch"))
      expect_initializer(spec.initializer, Kind::kUniform, -1.0 / 3, 1.0 / 3);
  }
}

TEST(Initializers, TheForgetGateOfKerasStartsOpen) {
  const auto lstm = parameters_of("[{embedding: 4}, {lstm: {units: 2, output: last}}, {linear: 1}]", "keras");
  ASSERT_NE(lstm[2].given, nullptr);
  EXPECT_EQ(lstm[2].given->values, (std::vector<float>{0, 0, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(lstm[3].given, nullptr);
}

TEST(Initializers, ALayerMayNameItsOwn) {
  expect_initializer(explicit_initializer("zeros"), Kind::kZeros, 0, 0);
  expect_initializer(explicit_initializer("ones"), Kind::kOnes, 0, 0);
  expect_initializer(explicit_initializer("{constant: 2.5}"), Kind::kConstant, 2.5, 0);
  expect_initializer(explicit_initializer("{uniform: [-1, 3]}"), Kind::kUniform, -1, 3);
  expect_initializer(explicit_initializer("{normal: {mean: 1, std: 2}}"), Kind::kNormal, 1, 2);
  expect_initializer(explicit_initializer("glorot_uniform"), Kind::kUniform, -std::sqrt(0.6), std::sqrt(0.6));
  expect_initializer(explicit_initializer("glorot_normal"), Kind::kNormal, 0, std::sqrt(0.2));
  expect_initializer(explicit_initializer("he_uniform"), Kind::kUniform, -std::sqrt(1.5), std::sqrt(1.5));
  expect_initializer(explicit_initializer("he_normal"), Kind::kNormal, 0, std::sqrt(0.5));
  expect_initializer(explicit_initializer("torch_linear"), Kind::kUniform, -0.5, 0.5);
  expect_initializer(explicit_initializer("orthogonal"), Kind::kOrthogonal, 0, 0);
}

TEST(Initializers, ABiasAndATableMayNameTheirs) {
  const ModelPlan named = plan(
      "[{embedding: {dim: 4, initializer: ones}}, mean_pool, {linear: {units: 1, bias_initializer: "
      "{constant: "
      "30}}}]");
  expect_initializer(named.layers[0].plan.parameters[0].initializer, Kind::kOnes, 0, 0);
  expect_initializer(named.layers[2].plan.parameters[1].initializer, Kind::kConstant, 30, 0);
}

TEST(Initializers, RefuseAnIntervalTheWrongWayRound) {
  EXPECT_EQ(
      testing::plan_fault("[{embedding: {dim: 4, initializer: {uniform: [1, 0]}}}, mean_pool, {linear: 1}]"),
      "model.layers[0].embedding: initializer uniform: low is above high");
}

/// What the planner says of a naive Bayes start in `layers`.
std::string naive_bayes_fault(const std::string& layers, int64_t num_outputs = 1) {
  return testing::plan_fault(layers, {.num_outputs = num_outputs});
}

TEST(NaiveBayes, NeedsAColumnALabelAndOneLinearLayerBehindAPool) {
  const std::string table = "{dim: 2, initializer: naive_bayes}", bag = "[{embedding_bag: " + table + "}, ";
  EXPECT_EQ(naive_bayes_fault("[{embedding: " + table +
                              "}, {word_dropout: 0.5}, sum_pool, {dropout: 0.1}, "
                              "{linear: 1}]"),
            "");
  EXPECT_EQ(naive_bayes_fault(bag + "{dropout: 0.1}]", 2), "");
  EXPECT_EQ(naive_bayes_fault(bag + "{linear: 3}]", 3),
            "model.layers[0].embedding_bag: naive_bayes needs a column a label: dim is 2, the task has 3 "
            "labels");
  EXPECT_EQ(naive_bayes_fault(bag + "{linear: 4}, relu, {linear: 1}]"),
            "model.layers[0].embedding_bag: naive_bayes is defined for one linear layer behind the pool, or "
            "none, and relu_2 is one more layer (take it out, or start the table otherwise)");
  EXPECT_EQ(naive_bayes_fault(bag + "{linear: {units: 1, initializer: ones}}]"),
            "model.layers[0].embedding_bag: naive_bayes decides how linear_1 starts, which names an "
            "initializer of its own (leave one of them out)");
  EXPECT_EQ(naive_bayes_fault("[{embedding: " + table + "}, max_pool, {linear: 1}]"),
            "model.layers[0].embedding: naive_bayes needs mean_pool or sum_pool behind the table, got "
            "max_pool (max_pool_1)");
  EXPECT_EQ(
      naive_bayes_fault("[{embedding_bag: {dim: 1, mode: max, initializer: naive_bayes}}, {linear: 1}]"),
      "model.layers[0].embedding_bag: naive_bayes needs mode: mean or sum, got max");
}

TEST(NaiveBayes, GivesScoresToTheFirstColumnsAndTheLinearLayerThatPassesThemOn) {
  ModelPlan two =
      plan("[{embedding_bag: {dim: 3, initializer: {naive_bayes: 10}}}, {dropout: 0.5}, {linear: 2}]",
           {.num_ids = 3, .num_outputs = 2});
  ASSERT_TRUE(two.naive_bayes.has_value());
  EXPECT_EQ(two.naive_bayes->alpha, 1);
  start_as_naive_bayes(two, {0, 0, 0.5f, -1, 2, 0.25f}, {0.5f, -0.5f});
  const GivenNumbers& table = *two.layers[0].plan.parameters[0].given;
  EXPECT_EQ(table.columns, 2);
  EXPECT_EQ(table.values, (std::vector<float>{0, 0, 5, -10, 20, 2.5f}));
  EXPECT_EQ(two.layers[2].plan.parameters[0].given->values, (std::vector<float>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(two.layers[2].plan.parameters[1].given->values, (std::vector<float>{0.5f, -0.5f}));
}

TEST(NaiveBayes, LeavesABiasThatNamesItsOwnStart) {
  ModelPlan biased = plan(
      "[{embedding_bag: {dim: 1, initializer: naive_bayes}}, {linear: {units: 1, bias_initializer: ones}}]",
      {.num_ids = 2});
  start_as_naive_bayes(biased, {0, 1}, {3});
  EXPECT_EQ(biased.layers[1].plan.parameters[1].given, nullptr);
}

TEST(LabelPrior, IsTheBiasOfTheLayerThatGivesTheLogits) {
  ModelPlan two = plan("[{embedding_bag: 3}, {linear: {units: 2, bias_initializer: prior}}, {dropout: 0.1}]",
                       {.num_outputs = 2});
  ASSERT_EQ(two.prior, 1u);
  expect_initializer(two.layers[1].plan.parameters[1].initializer, Kind::kZeros, 0, 0);
  start_from_prior(two, {-3, 0.5f});
  EXPECT_EQ(two.layers[1].plan.parameters[1].given->values, (std::vector<float>{-3, 0.5f}));
  EXPECT_EQ(two.layers[1].plan.parameters[0].given, nullptr);
  EXPECT_EQ(plan("[{embedding_bag: 3}, {linear: 1}]").prior, std::nullopt);
}

TEST(LabelPrior, IsRefusedElsewhere) {
  const std::string linear = "{linear: {units: 1, bias_initializer: prior}}";
  const std::string fault =
      "bias_initializer prior is of the linear layer that gives the logits, the last of model.layers but for "
      "dropout (leave it out elsewhere)";
  EXPECT_EQ(testing::plan_fault("[{embedding_bag: 3}, " + linear + ", relu, {linear: 1}]"),
            "model.layers[1].linear: " + fault);
  EXPECT_EQ(testing::plan_fault("[{embedding_bag: 3}, {parallel: {join: sum, branches: [[" + linear +
                                "], [{linear: 1}]]}}]"),
            "model.layers[1].parallel: " + fault);
  EXPECT_EQ(testing::plan_fault("[{embedding: 3}, " + linear + ", mean_pool]"),
            "model.layers[1].linear: " + fault);
}

TEST(Initializers, NormsStartAsTheIdentity) {
  const ModelPlan norms = plan("[{embedding_bag: 4}, layer_norm, batch_norm, {linear: 1}]");
  for (const size_t layer : {1u, 2u}) {
    EXPECT_EQ(norms.layers[layer].plan.parameters[0].initializer.kind, Kind::kOnes);
    EXPECT_EQ(norms.layers[layer].plan.parameters[1].initializer.kind, Kind::kZeros);
  }
}

}  // namespace
}  // namespace bernoulli::layers

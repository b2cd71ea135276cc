// What the planner infers, counts and refuses. No number is computed here.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layers/plan_fixture.h"

namespace bernoulli::layers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::plan;
using testing::plan_fault;

std::vector<std::string> outputs(const ModelPlan& plan) {
  std::vector<std::string> shapes;
  for (const NamedLayer& layer : plan.layers) shapes.push_back(describe(layer.plan.output));
  return shapes;
}

constexpr const char* kTutorial =
    "[{embedding: 16}, {dropout: 0.2}, {mean_pool: {padding: include}}, {linear: 1}]";

TEST(Shapes, FlowFromIdsToLogits) {
  const ModelPlan fixed = plan(kTutorial, {.sequence_length = 250});
  EXPECT_THAT(outputs(fixed), ElementsAre("[B, 250, 16]", "[B, 250, 16]", "[B, 16]", "[B, 1]"));
  EXPECT_EQ(describe(fixed.layers[0].input), "[B, 250] ids");
  const ModelPlan open = plan("[{embedding: 4}, {linear: 3}, max_pool, {linear: 5}, relu, {linear: 1}]");
  EXPECT_THAT(outputs(open), ElementsAre("[B, T, 4]", "[B, T, 3]", "[B, 3]", "[B, 5]", "[B, 5]", "[B, 1]"));
  EXPECT_FALSE(open.ragged_input);
  const ModelPlan ragged = plan("[{embedding_bag: 4}, {linear: 1}]", {.sequence_length = 250});
  EXPECT_TRUE(ragged.ragged_input);
  EXPECT_EQ(describe(ragged.layers[0].input), "ragged ids");
  EXPECT_THAT(outputs(ragged), ElementsAre("[B, 4]", "[B, 1]"));
}

TEST(Shapes, LayersThatLookAtNeighboursKeepTheLengthAndPoolsAndLastStatesEndIt) {
  EXPECT_THAT(outputs(plan("[{embedding: 4}, {conv1d: {channels: 6, kernel_size: 4, dilation: 3}}, {gru: 5}, "
                           "{lstm: {units: 3, bidirectional: true}}, {attention_pool: 7}, {linear: 1}]",
                           {.sequence_length = 9})),
              ElementsAre("[B, 9, 4]", "[B, 9, 6]", "[B, 9, 5]", "[B, 9, 6]", "[B, 6]", "[B, 1]"));
  EXPECT_THAT(
      outputs(plan("[{embedding: 4}, {gru: {units: 5, bidirectional: true, output: last}}, {linear: 1}]")),
      ElementsAre("[B, T, 4]", "[B, 10]", "[B, 1]"));
}

TEST(Shapes, LayersAreNamedByKindAndPlace) {
  const ModelPlan named = plan("[{embedding: 4}, mean_pool, {linear: 2}, tanh, {linear: 1}]");
  std::vector<std::string> names;
  for (const NamedLayer& layer : named.layers) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("embedding_0", "mean_pool_1", "linear_2", "tanh_3", "linear_4"));
}

TEST(Shapes, ParametersAreCounted) {
  EXPECT_EQ(plan(kTutorial, {.sequence_length = 250, .num_ids = 10000}).num_parameters(), 160017);
  EXPECT_EQ(
      plan("[{embedding_bag: 4}, {linear: {units: 3, bias: false}}, layer_norm, batch_norm, {linear: 2}]",
           {.num_ids = 7, .num_outputs = 2})
          .num_parameters(),
      7 * 4 + 4 * 3 + 2 * 3 + 2 * 3 + (3 * 2 + 2));
  EXPECT_EQ(plan("[{embedding: 4}, {conv1d: {channels: 5, kernel_size: 3}}, {lstm: {units: 6, bidirectional: "
                 "true}}, "
                 "{gru: 2}, {attention_pool: 8}, {linear: 1}]",
                 {.num_ids = 7})
                .num_parameters(),
            7 * 4 + (5 * 4 * 3 + 5) + 2 * 4 * (6 * 5 + 6 * 6 + 2 * 6) + 3 * (2 * 12 + 2 * 2 + 2 * 2) +
                (8 * 2 + 8 + 8) + 3);
}

TEST(Shapes, RunningStatisticsAreNotCounted) {
  const ModelPlan with = plan("[{embedding_bag: 4}, batch_norm, {linear: 1}]");
  const LayerPlan& norm = with.layers[1].plan;
  ASSERT_EQ(norm.parameters.size(), 4u);
  EXPECT_TRUE(norm.parameters[0].trainable && norm.parameters[1].trainable);
  EXPECT_FALSE(norm.parameters[2].trainable || norm.parameters[3].trainable);
}

TEST(Shapes, SummaryHasALineALayerAndTheTotal) {
  const std::string table = summary(plan(kTutorial, {.sequence_length = 250, .num_ids = 10000}));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5);
  EXPECT_THAT(table, HasSubstr("embedding_0            [B, 250, 16]             160000\n"));
  EXPECT_THAT(table, HasSubstr("linear_3               [B, 1]                       17\n"));
  EXPECT_THAT(table, HasSubstr("total                  logits                   160017"));
}

TEST(Shapes, EveryKindIsRegisteredOnce) {
  std::set<std::string> names;
  for (const LayerKind& kind : layer_kinds()) names.insert(kind.schema.name);
  EXPECT_EQ(names, (std::set<std::string>{"embedding",    "embedding_bag", "dropout",  "spatial_dropout",
                                          "word_dropout", "conv1d",        "gru",      "lstm",
                                          "mean_pool",    "max_pool",      "sum_pool", "attention_pool",
                                          "linear",       "relu",          "tanh",     "gelu",
                                          "sigmoid",      "leaky_relu",    "silu",     "layer_norm",
                                          "batch_norm",   "parallel"}));
  EXPECT_EQ(names.size(), layer_kinds().size());
}

TEST(Shapes, EveryKindRefusesAnInputThatItCannotTake) {
  const auto after = [](const std::string& before, const std::string& layer) {
    return plan_fault("[" + before + ", " + layer + ", {linear: 1}]");
  };
  const std::string sequence = "{embedding: 4}", vector = "{embedding: 4}, mean_pool";
  EXPECT_EQ(after(sequence, "{embedding: 4}"), "model.layers[1].embedding: takes token ids, got [B, T, 4]");
  EXPECT_EQ(after(sequence, "{embedding_bag: 4}"),
            "model.layers[1].embedding_bag: takes token ids, got [B, T, 4]");
  EXPECT_EQ(after(sequence, "batch_norm"),
            "model.layers[1].batch_norm: takes a vector [B, D], got [B, T, 4]");
  for (const char* kind : {"mean_pool", "max_pool", "sum_pool"})
    EXPECT_EQ(after(vector, kind),
              "model.layers[2]." + std::string(kind) + ": takes a sequence [B, T, D], got [B, 4]");
  for (const std::string kind : {"attention_pool", "gru", "lstm"})
    EXPECT_EQ(after(vector, "{" + kind + ": 3}"),
              "model.layers[2]." + kind + ": takes a sequence [B, T, D], got [B, 4]");
  EXPECT_EQ(after(vector, "{conv1d: {channels: 3, kernel_size: 2}}"),
            "model.layers[2].conv1d: takes a sequence [B, T, D], got [B, 4]");
  EXPECT_EQ(after(vector, "{spatial_dropout: 0.1}"),
            "model.layers[2].spatial_dropout: takes a sequence [B, T, D], got [B, 4]");
  for (const char* layer : {"relu", "tanh", "gelu", "sigmoid", "leaky_relu", "silu", "{dropout: 0.1}",
                            "layer_norm", "{linear: 4}"}) {
    const std::string fault = plan_fault("[" + std::string(layer) + ", {linear: 1}]");
    EXPECT_THAT(fault, ::testing::StartsWith("model.layers[0].")) << layer;
    EXPECT_THAT(fault, ::testing::EndsWith(", got [B, T] ids")) << layer;
  }
  EXPECT_EQ(plan_fault("[{embedding: 4}, {linear: 1}]"),
            "model.layers[1].linear: the model ends in [B, T, 1], expected [B, 1]: one logit a label (put a "
            "pool, such as mean_pool, before the last linear layer)");
}

constexpr const char* kTextCnn =
    "[{embedding: 4}, {parallel: [[{conv1d: {channels: 5, kernel_size: 3}}, relu, max_pool], [{conv1d: "
    "{channels: 6, kernel_size: 4}}, max_pool], [mean_pool]]}, {linear: 1}]";

TEST(Shapes, BranchesJoinTheirFeatures) {
  const ModelPlan cnn = plan(kTextCnn, {.num_ids = 7});
  EXPECT_EQ(describe(cnn.layers[1].plan.output), "[B, 15]");
  EXPECT_EQ(cnn.num_parameters(), 7 * 4 + (5 * 4 * 3 + 5) + (6 * 4 * 4 + 6) + 15 + 1);
  std::vector<std::string> names;
  for (const NamedLayer* layer : cnn.all_layers()) names.push_back(layer->name);
  EXPECT_THAT(names,
              ElementsAre("embedding_0", "conv1d_1_0_0", "relu_1_0_1", "max_pool_1_0_2", "conv1d_1_1_0",
                          "max_pool_1_1_1", "mean_pool_1_2_0", "parallel_1", "linear_2"));
  EXPECT_THAT(summary(cnn), HasSubstr("\n  conv1d_1_1_0         [B, T, 6]                   102\n"
                                      "  max_pool_1_1_1       [B, 6]                        0\n"));
  const ModelPlan nested = plan(
      "[{embedding: 4}, {parallel: {join: sum, branches: [[], [{parallel: [[{linear: 1}], [{linear: "
      "3}]]}]]}}, "
      "max_pool, {linear: 1}]",
      {.sequence_length = 9});
  EXPECT_EQ(describe(nested.layers[1].plan.output), "[B, 9, 4]");
  EXPECT_EQ(nested.layers[1].branches[1][0].branches[1][0].name, "linear_1_1_0_1_0");
  EXPECT_TRUE(plan(kTextCnn).reads_lengths());
  EXPECT_FALSE(plan("[{embedding: 4}, {parallel: [[{mean_pool: {padding: include}}], [{max_pool: {padding: "
                    "include}}]]}, {linear: 1}]",
                    {.sequence_length = 9})
                   .reads_lengths());
  EXPECT_FALSE(plan("[{embedding: 4}, {word_dropout: 0.1}, {mean_pool: {padding: include}}, {linear: 1}]",
                    {.sequence_length = 9})
                   .reads_lengths())
      << "what only training runs does not count";
}

TEST(Shapes, BranchesGiveNoMoreThanALayerMay) {
  std::string copies = "[]";
  for (int i = 1; i < 64; ++i) copies += ", []";
  std::string layers = "[{embedding: 65536}, mean_pool";
  for (int i = 0; i < 12; ++i) layers += ", {parallel: [" + copies + "]}";
  EXPECT_EQ(plan_fault(layers + ", {linear: 1}]"),
            "model.layers[2].parallel: the branches give more than 1048576 features together");
}

TEST(Shapes, BranchesMustAgree) {
  const auto fault = [](const std::string& parallel) {
    return plan_fault("[{embedding: 4}, {parallel: " + parallel + "}, {linear: 1}]");
  };
  EXPECT_EQ(
      fault("[[mean_pool], [{linear: 3}]]"),
      "model.layers[1].parallel: branch 0 gives [B, 4] and branch 1 gives [B, T, 3] (expected a pool in "
      "all branches or in none)");
  EXPECT_EQ(
      fault("{join: sum, branches: [[max_pool], [mean_pool], [{linear: 3}, mean_pool]]}"),
      "model.layers[1].parallel: branch 0 gives [B, 4] and branch 2 gives [B, 3] (join: sum adds outputs "
      "of equally many features)");
  EXPECT_EQ(fault("[[mean_pool, max_pool], [max_pool, {linear: 3}, {gru: 2}], [mean_pool]]"),
            "model.layers[1].parallel.branches[0][1].max_pool: takes a sequence [B, T, D], got [B, 4]\n"
            "model.layers[1].parallel.branches[1][2].gru: takes a sequence [B, T, D], got [B, 3]");
  EXPECT_EQ(plan_fault("[{parallel: [[{embedding: 4}], [{embedding: 4}]]}, mean_pool, {linear: 1}]"),
            "model.layers[0].parallel: takes a sequence [B, T, D] or a vector [B, D], got [B, T] ids");
  EXPECT_EQ(plan_fault("[{embedding: 4}, mean_pool, {parallel: [[{linear: 1}], [{linear: 1}, tanh]]}]",
                       {.num_outputs = 2}),
            "model.layers[2].parallel: an activation ends the model, which must end in logits (put a linear "
            "layer after it)");
  EXPECT_EQ(
      plan_fault("[{embedding: 4}, mean_pool, {parallel: {join: sum, branches: [[{linear: 2}], [{linear: "
                 "3}, relu, {linear: 2}]]}}]",
                 {.num_outputs = 2}),
      "");
  EXPECT_EQ(
      plan_fault("[{embedding: {dim: 4, initializer: naive_bayes}}, {parallel: [[mean_pool], [max_pool]]}, "
                 "{linear: 1}]"),
      "model.layers[0].embedding: naive_bayes needs mean_pool or sum_pool behind the table, got parallel "
      "(parallel_1)");
}

TEST(Shapes, PoolingOverPaddingNeedsAFixedLength) {
  EXPECT_EQ(
      plan_fault("[{embedding: 4}, {conv1d: {channels: 3, kernel_size: 2, padding: include}}, max_pool, "
                 "{linear: 1}]"),
      "model.layers[1].conv1d: padding: include depends on how far a text is padded: set "
      "text.sequence_length");
  for (const char* kind : {"mean_pool", "max_pool", "sum_pool"}) {
    const std::string layers =
        "[{embedding: 4}, {" + std::string(kind) + ": {padding: include}}, {linear: 1}]";
    EXPECT_EQ(plan_fault(layers, {.sequence_length = 8}), "");
    EXPECT_EQ(plan_fault(layers), "model.layers[1]." + std::string(kind) +
                                      ": padding: include depends on how far a text is padded: set "
                                      "text.sequence_length");
  }
}

TEST(Shapes, AModelEndsInOneLogitALabel) {
  EXPECT_EQ(plan_fault("[{embedding: 4}, mean_pool, {linear: 2}]", {.num_outputs = 3}),
            "model.layers[2].linear: the model ends in [B, 2], expected [B, 3]: one logit a label (end with "
            "linear: 3)");
  EXPECT_THAT(plan_fault("[{embedding: 1}, {linear: 1}]"),
              HasSubstr("the model ends in [B, T, 1], expected [B, 1]"));
  EXPECT_EQ(
      plan_fault("[{embedding: 4}, mean_pool, {linear: 1}, tanh]"),
      "model.layers[3].tanh: an activation ends the model, which must end in logits (put a linear layer "
      "after it)");
  EXPECT_EQ(plan_fault("[]").substr(0, 5), "test.") << "the configuration refuses it first";
  TextConfig text;
  EXPECT_THROW(plan_model({"keras", {}}, text, LossConfig::Mode::kBceWithLogits, 3, 1), UsageError);
}

/// A sigmoid behind which nothing but dropout or a pool stands is one at the end: the exported file would
/// apply a second one to its values.
TEST(Shapes, WhatPassesValuesOnDoesNotEndAModel) {
  const char* const through =
      "an activation ends the model, which must end in logits: the layers behind it only pass its values on "
      "(put a linear layer after it)";
  for (const char* ending :
       {"mean_pool, {linear: 1}, sigmoid, {dropout: 0.5}", "{linear: 1}, sigmoid, mean_pool",
        "{linear: 1}, sigmoid, {word_dropout: 0.1}, {spatial_dropout: 0.1}, max_pool",
        "{linear: 1}, tanh, sum_pool", "{linear: 1}, sigmoid, {attention_pool: 2}",
        "mean_pool, {linear: 1}, sigmoid, {parallel: {join: sum, branches: [[], []]}}",
        "mean_pool, {linear: 1}, sigmoid, {parallel: {join: sum, branches: [[], [{dropout: 0.1}]]}}, "
        "{dropout: 0.1}"}) {
    for (const auto mode : {LossConfig::Mode::kBceWithLogits, LossConfig::Mode::kSigmoidBce})
      EXPECT_THAT(plan_fault(fmt::format("[{{embedding: 4}}, {}]", ending), {.loss = mode}),
                  HasSubstr(through))
          << ending;
  }
  for (const char* ending :
       {"{linear: 1}, mean_pool, {dropout: 0.1}", "mean_pool, tanh, {linear: 1}, {dropout: 0.1}",
        "mean_pool, {linear: 1}, relu, {parallel: {join: sum, branches: [[], [{linear: 1}]]}}",
        "{linear: 1}, {parallel: {join: sum, branches: [[], [sigmoid]]}}, mean_pool, {linear: 1}",
        "mean_pool, {linear: 1}, sigmoid, batch_norm"})
    EXPECT_EQ(plan_fault(fmt::format("[{{embedding: 4}}, {}]", ending)), "") << ending;
}

TEST(Shapes, WhatIsBoundOrConstantDoesNotEndAModel) {
  const auto fault = [](const std::string& ending) { return plan_fault("[{embedding: 4}, " + ending + "]"); };
  EXPECT_THAT(fault("{lstm: 1}, max_pool"), HasSubstr("model.layers[1].lstm: an activation ends the model"));
  EXPECT_THAT(fault("{gru: {units: 1, output: last}}"),
              HasSubstr("model.layers[1].gru: an activation ends the model"));
  EXPECT_THAT(fault("mean_pool, {linear: 1}, relu, {parallel: {join: sum, branches: [[], [tanh]]}}"),
              HasSubstr("model.layers[3].relu: an activation ends the model"));
  EXPECT_EQ(fault("mean_pool, {linear: 1}, {parallel: {join: sum, branches: [[], [relu]]}}"), "");
  EXPECT_THAT(fault("mean_pool, {linear: 1}, layer_norm"),
              HasSubstr("model.layers[3].layer_norm: gives one number whatever the text is"));
}

TEST(Shapes, AFinalSigmoidBelongsToTheLoss) {
  constexpr const char* kLayers = "[{embedding: 4}, mean_pool, {linear: 1}, sigmoid]";
  for (const auto mode : {LossConfig::Mode::kSigmoidBce, LossConfig::Mode::kSigmoidBceClipped}) {
    const ModelPlan taken = plan(kLayers, {.loss = mode});
    EXPECT_TRUE(taken.explicit_sigmoid);
    EXPECT_EQ(taken.layers.size(), 3u);
    EXPECT_THAT(summary(taken), HasSubstr("logits (sigmoid in the loss)"));
  }
  for (const auto mode : {LossConfig::Mode::kBceWithLogits, LossConfig::Mode::kFocalWithLogits})
    EXPECT_THAT(plan_fault(kLayers, {.loss = mode}),
                HasSubstr("model.layers[3].sigmoid: a sigmoid ends a model that is trained on logits"));
  EXPECT_THAT(plan_fault("[{embedding: 4}, mean_pool, {linear: 1}, sigmoid, sigmoid]",
                         {.loss = LossConfig::Mode::kSigmoidBce}),
              HasSubstr("model.layers[3].sigmoid: an activation ends the model"));
  EXPECT_THAT(plan_fault("[sigmoid]", {.loss = LossConfig::Mode::kSigmoidBce}),
              HasSubstr("nothing but a sigmoid"));
}

TEST(Shapes, TellTheFileWhereTheLayerStands) {
  ModelConfig config = testing::model("[{embedding: 4}, {embedding: 4}]");
  config.layers[1].where = "run.yaml:7:3";
  try {
    plan_model(config, {}, LossConfig::Mode::kBceWithLogits, 3, 1);
    FAIL() << "planned";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith(
                                  "1 fault in the configuration\nrun.yaml:7:3: model.layers[1].embedding: "));
  }
}

}  // namespace
}  // namespace bernoulli::layers

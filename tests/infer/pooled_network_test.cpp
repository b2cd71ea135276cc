#include "infer/pooled_network.h"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/error.h"
#include "core/random.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A plan and weights for it, without any file.
struct Model {
  layers::ModelPlan plan;
  TextConfig text;
  std::vector<std::vector<float>> numbers;  ///< by tensor, in the order of the plan

  Model(const std::string& layer_list, int64_t num_ids, int64_t num_outputs,
        const std::string& text_keys = "vocabulary: {}") {
    const RunConfig config =
        config::load_config_text(
            "data: {train: {path: t.csv}}\ntask: {kind: multi_label, labels: [a, b]}\ntext: {" + text_keys +
                "}\nmodel: {layers: " + layer_list +
                "}\noptimizer: {sgd: {lr: 1}}\ntraining: {epochs: 1, monitor: loss}\n",
            "test.yaml", layers::layer_schemas())
            .run;
    text = config.text;
    plan = layers::plan_model(config.model, text, config.loss.mode, num_ids, num_outputs);
    Random random(3);
    for (const layers::NamedLayer& layer : plan.layers) {
      for (const layers::ParameterSpec& parameter : layer.plan.parameters) {
        int64_t count = 1;
        for (const int64_t extent : parameter.shape) count *= extent;
        std::vector<float>& values = numbers.emplace_back();
        for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(2 * random.uniform() - 1));
      }
    }
  }

  std::vector<RawTensor> weights() const {
    std::vector<RawTensor> tensors;
    for (const layers::NamedLayer& layer : plan.layers) {
      for (const layers::ParameterSpec& parameter : layer.plan.parameters) {
        const std::vector<float>& values = numbers[tensors.size()];
        tensors.push_back({layer.name + "." + parameter.name,
                           Dtype::kF32,
                           parameter.shape,
                           {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}});
      }
    }
    return tensors;
  }

  PooledNetwork built() const {
    return PooledNetwork::build(plan, text, NetworkWeights(plan, weights())).value();
  }
};

std::vector<float> logits(const PooledNetwork& network, const std::vector<int32_t>& ids) {
  PooledNetwork::State state;
  std::vector<float> out(static_cast<size_t>(network.num_outputs()));
  network.logits(ids, state, out);
  return out;
}

/// Three ids with rows (1, 2), (3, 5), (-1, 4) and a layer 2 x + 3 y + 0.5: by hand.
TEST(PooledNetwork, GivesWhatAHandComputes) {
  const auto with = [](const std::string& list, const std::string& text = "vocabulary: {}") {
    Model model(list, 3, 1, text);
    model.numbers = {{1, 2, 3, 5, -1, 4}, {2, 3}, {0.5f}};
    return model.built();
  };
  const PooledNetwork mean = with("[{embedding: 2}, {dropout: 0.5}, mean_pool, {dropout: 0.1}, {linear: 1}]");
  EXPECT_TRUE(mean.sums_scores());
  EXPECT_THAT(logits(mean, {1, 2}), ElementsAre((21 + 10) / 2.0f + 0.5f));
  EXPECT_THAT(logits(mean, {}), ElementsAre(0.5f));
  EXPECT_THAT(logits(with("[{embedding: 2}, sum_pool, {linear: 1}]"), {1, 2, 2}), ElementsAre(41.5f));
  EXPECT_THAT(logits(with("[{embedding_bag: 2}, {linear: 1}]"), {2, 2, 1, 2}),
              ElementsAre((3 * 10 + 21) / 4.0f + 0.5f));
  EXPECT_THAT(logits(with("[{embedding_bag: {dim: 2, mode: sum}}, {linear: 1}]"), {}), ElementsAre(0.5f));
  const std::string four =
      "vocabulary: {}, sequence_length: 4";  // two or four rows (1, 2) of padding: 8 each
  const std::string include = "{padding: include}";
  const PooledNetwork padded = with("[{embedding: 2}, {mean_pool: " + include + "}, {linear: 1}]", four);
  EXPECT_THAT(logits(padded, {1, 2}), ElementsAre((21 + 10 + 2 * 8) / 4.0f + 0.5f));
  EXPECT_THAT(logits(padded, {}), ElementsAre(8.5f));
  EXPECT_THAT(logits(padded, {2, 2, 2, 2}), ElementsAre(10.5f));
  EXPECT_THAT(logits(with("[{embedding: 2}, {sum_pool: " + include + "}, {linear: 1}]", four), {1}),
              ElementsAre(21 + 3 * 8 + 0.5f));
}

/// Two ways through the same weights: scores, and rows through the kernels where a leaky_relu of slope 1,
/// which changes nothing, forbids scores.
TEST(PooledNetwork, ScoresAndRowsAgree) {
  for (const char* const pool :
       {"mean_pool", "sum_pool", "{mean_pool: {padding: include}}", "{sum_pool: {padding: include}}"}) {
    const std::string begin = std::string("[{embedding: 20}, ") + pool + ", {linear: 18}, ";
    Model with_scores(begin + "{linear: {units: 2, bias: false}}]", 50, 2,
                      "vocabulary: {}, sequence_length: 30");
    Model with_rows(begin + "{leaky_relu: 1}, {linear: {units: 2, bias: false}}]", 50, 2,
                    "vocabulary: {}, sequence_length: 30");
    with_rows.numbers = with_scores.numbers;
    const PooledNetwork scores = with_scores.built(), rows = with_rows.built();
    ASSERT_TRUE(scores.sums_scores());
    ASSERT_FALSE(rows.sums_scores());
    Random random(5);
    for (size_t count = 0; count <= 30; ++count) {
      std::vector<int32_t> ids;
      for (size_t i = 0; i < count; ++i) ids.push_back(static_cast<int32_t>(random.below(50)));
      for (size_t label = 0; label < 2; ++label) {
        const float expected = logits(scores, ids)[label];
        EXPECT_NEAR(logits(rows, ids)[label], expected, 2e-6 * (10 + std::abs(expected))) << pool << count;
      }
    }
  }
}

TEST(PooledNetwork, KeepsScoresWhereLabelsAreFewBesideTheNumbersOfARow) {
  const auto sums_scores = [](int dim, int outputs) {
    const std::string list =
        "[{embedding: " + std::to_string(dim) + "}, mean_pool, {linear: " + std::to_string(outputs) + "}]";
    return Model(list, 5, outputs).built().sums_scores();
  };
  EXPECT_TRUE(sums_scores(1, 1));
  EXPECT_TRUE(sums_scores(16, 2));
  EXPECT_FALSE(sums_scores(15, 2));
  EXPECT_TRUE(sums_scores(64, 8));
  EXPECT_FALSE(sums_scores(64, 9));
  EXPECT_FALSE(sums_scores(64, 60));
}

TEST(PooledNetwork, KeepsNothingFromTextToText) {
  const Model model(
      "[{embedding: 5}, mean_pool, {linear: 33}, relu, layer_norm, {linear: 7}, tanh, {linear: 2}]", 9, 2);
  const PooledNetwork network = model.built();
  PooledNetwork::State state;
  std::vector<float> out(2);
  for (const std::vector<int32_t>& ids : std::vector<std::vector<int32_t>>{{1, 2, 3}, {8}, {}, {1, 2, 3}}) {
    network.logits(ids, state, out);
    EXPECT_EQ(out, logits(network, ids));
  }
}

TEST(PooledNetwork, IsNotBuiltOfOtherNetworks) {
  for (const char* list :
       {"[{embedding: 2}, max_pool, {linear: 2}]", "[{embedding: 2}, {linear: 3}, mean_pool, {linear: 2}]",
        "[{embedding_bag: {dim: 2, mode: max}}, {linear: 2}]",
        "[{embedding: 2}, mean_pool, batch_norm, {linear: 2}]"}) {
    const Model model(list, 5, 2);
    EXPECT_FALSE(PooledNetwork::build(model.plan, model.text, NetworkWeights(model.plan, model.weights())))
        << list;
  }
}

TEST(PooledNetwork, RefusesWeightsThatDoNotFit) {
  const Model model("[{embedding: 2}, mean_pool, {linear: 2}]", 5, 2);
  const auto fault = [&](const std::vector<RawTensor>& weights) -> std::string {
    try {
      const NetworkWeights checked(model.plan, weights);
    } catch (const ArtifactError& error) {
      return error.what();
    }
    return "built";
  };
  std::vector<RawTensor> weights = model.weights();
  weights.pop_back();
  EXPECT_EQ(fault(weights), "the weights lack tensor 'linear_2.bias'");
  weights = model.weights();
  weights[0].shape = {2, 5};
  EXPECT_EQ(fault(weights), "tensor 'embedding_0.weight' has shape [2, 5], the model needs [5, 2]");
  weights = model.weights();
  weights.push_back({"extra", Dtype::kF32, {0}, ""});
  EXPECT_EQ(fault(weights), "the weights hold 4 tensors, the model has 3");
  weights = model.weights();
  weights[0].dtype = Dtype::kF64;
  EXPECT_EQ(fault(weights), "tensor 'embedding_0.weight' is F64, the model needs F32");
  weights = model.weights();
  weights[1].dtype = Dtype::kF16;
  EXPECT_EQ(fault(weights), "tensor 'linear_2.weight' is F16, the model needs F32");
}

}  // namespace
}  // namespace bernoulli

#include "infer/sequence_network.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/load.h"
#include "core/random.h"

namespace bernoulli {
namespace {

/// Bytes that a network of random weights holds for each token of a long text.
size_t bytes_a_token(const std::string& layer_list) {
  constexpr int64_t kIds = 50, kOutputs = 2;
  constexpr size_t kTokens = 100000;
  const RunConfig config =
      config::load_config_text(
          "data: {train: {path: t.csv}}\ntask: {kind: multi_label, labels: [a, b]}\ntext: {vocabulary: {}}\n"
          "model: {layers: " +
              layer_list + "}\noptimizer: {sgd: {lr: 1}}\ntraining: {epochs: 1, monitor: loss}\n",
          "test.yaml", layers::layer_schemas())
          .run;
  const layers::ModelPlan plan =
      layers::plan_model(config.model, config.text, config.loss.mode, kIds, kOutputs);
  Random random(3);
  std::vector<std::vector<float>> numbers;
  std::vector<RawTensor> weights;
  for (const layers::NamedLayer& layer : plan.layers) {
    for (const layers::ParameterSpec& parameter : layer.plan.parameters) {
      size_t count = 1;
      for (const int64_t extent : parameter.shape) count *= static_cast<size_t>(extent);
      std::vector<float>& values = numbers.emplace_back(count);
      for (float& value : values) value = static_cast<float>(2 * random.uniform() - 1);
      weights.push_back({layer.name + "." + parameter.name,
                         Dtype::kF32,
                         parameter.shape,
                         {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}});
    }
  }
  const SequenceNetwork network = SequenceNetwork::build(plan, config.text, NetworkWeights(plan, weights));
  SequenceNetwork::State state;
  std::vector<float> out(kOutputs);
  network.logits(std::vector<int32_t>(kTokens, 7), state, out);
  return state.bytes() / kTokens;
}

/// The rows that go into a layer and those that come out of it, of 16 float32 each, and next to nothing
/// besides.
TEST(SequenceNetwork, HoldsOnlyInputAndOutputOfALayerForEachToken) {
  constexpr size_t kRow = 16 * sizeof(float), kLittle = 8;
  EXPECT_LE(bytes_a_token("[{embedding: 16}, {lstm: {units: 16, output: last}}, {linear: 2}]"),
            kRow + kLittle);
  EXPECT_LE(bytes_a_token("[{embedding: 16}, {gru: {units: 8, bidirectional: true}}, max_pool, {linear: 2}]"),
            2 * kRow + kLittle);
  EXPECT_LE(
      bytes_a_token("[{embedding: 16}, {conv1d: {channels: 16, kernel_size: 5}}, max_pool, {linear: 2}]"),
      2 * kRow + kLittle);
  EXPECT_LE(bytes_a_token("[{embedding: 16}, {attention_pool: 16}, {linear: 2}]"), kRow + kLittle);
}

}  // namespace
}  // namespace bernoulli

#include "model/sequential.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>

#include "core/error.h"
#include "model/features.h"
#include "model/model_fixture.h"

namespace bernoulli {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::find;
using ::testing::IsEmpty;
using testing::numbers;
using testing::plan;

std::vector<std::string> names(const NamedTensors& tensors) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : tensors) result.push_back(name);
  return result;
}

Sequential model(const std::string& layers, const testing::PlanOptions& options = {}, uint64_t seed = 3) {
  return Sequential(plan(layers, options), seed, c10::kCPU);
}

TEST(Sequential, NamesItsTensorsInOrder) {
  Sequential named =
      model("[{embedding_bag: 4}, batch_norm, {linear: {units: 3, bias: false}}, {linear: 1}]");
  EXPECT_THAT(names(named.parameters()),
              ElementsAre("embedding_bag_0.weight", "batch_norm_1.weight", "batch_norm_1.bias",
                          "linear_2.weight", "linear_3.weight", "linear_3.bias"));
  EXPECT_THAT(names(named.buffers()), ElementsAre("batch_norm_1.running_mean", "batch_norm_1.running_var"));
  for (const auto& [name, tensor] : named.parameters()) EXPECT_TRUE(tensor.requires_grad()) << name;
  for (const auto& [name, tensor] : named.buffers()) EXPECT_FALSE(tensor.requires_grad()) << name;
}

constexpr const char* kSmall = "[{embedding: 4}, mean_pool, {linear: 1}]";

TEST(Sequential, DrawsTheSameWeightsFromTheSameSeedOnly) {
  const NamedTensors first = model(kSmall, {}, 1).parameters(), again = model(kSmall, {}, 1).parameters(),
                     other = model(kSmall, {}, 2).parameters();
  EXPECT_EQ(numbers(first[0].second), numbers(again[0].second));
  EXPECT_EQ(numbers(first[1].second), numbers(again[1].second));
  EXPECT_NE(numbers(first[0].second), numbers(other[0].second));
}

TEST(Sequential, StartsFromGivenNumbersAndDrawsTheOthersAsEver) {
  layers::ModelPlan given = plan(kSmall);
  const std::vector<double> drawn = numbers(Sequential(given, 3, c10::kCPU).parameters()[0].second);
  std::vector<float> column(10);
  for (size_t i = 0; i < column.size(); ++i) column[i] = static_cast<float>(i);
  given.layers[0].plan.parameters[0].given =
      std::make_shared<const layers::GivenNumbers>(layers::GivenNumbers{1, {}, column});
  const std::vector<double> started = numbers(Sequential(given, 3, c10::kCPU).parameters()[0].second);
  for (size_t i = 0; i < started.size(); ++i)
    EXPECT_EQ(started[i], i % 4 == 0 ? static_cast<double>(i / 4) : drawn[i]) << i;
}

TEST(Sequential, StartsFromGivenRowsAndDrawsTheOthersAsEver) {
  layers::ModelPlan given = plan(kSmall);
  const std::vector<double> drawn = numbers(Sequential(given, 3, c10::kCPU).parameters()[0].second);
  given.layers[0].plan.parameters[0].given =
      std::make_shared<const layers::GivenNumbers>(layers::GivenNumbers{4, {7, 2}, {1, 2, 3, 4, 5, 6, 7, 8}});
  std::vector<double> expected = drawn;
  for (size_t i = 0; i < 4; ++i) {
    expected[7 * 4 + i] = static_cast<double>(i + 1);
    expected[2 * 4 + i] = static_cast<double>(i + 5);
  }
  EXPECT_EQ(numbers(Sequential(given, 3, c10::kCPU).parameters()[0].second), expected);
}

TEST(Sequential, TakesWeightsThatAreThere) {
  const Sequential from = model(kSmall, {}, 1);
  NamedTensors weights = from.parameters();
  Sequential to(plan(kSmall), weights, c10::kCPU);
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_EQ(numbers(to.parameters()[i].second), numbers(weights[i].second));
    EXPECT_TRUE(to.parameters()[i].second.requires_grad());
  }
  weights.pop_back();
  EXPECT_THROW(Sequential(plan(kSmall), weights, c10::kCPU), ArtifactError);
}

/// Weights of an embedding of 200 x 100 with this initializer: 20,000 draws.
std::vector<double> draws(const std::string& initializer) {
  return numbers(model("[{embedding: {dim: 100, initializer: " + initializer + "}}, mean_pool, {linear: 1}]",
                       {.num_ids = 200})
                     .parameters()[0]
                     .second);
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(Sequential, UniformWeightsFillTheirInterval) {
  const std::vector<double> values = draws("{uniform: [-1, 3]}");
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_GE(*low, -1);
  EXPECT_LT(*high, 3);
  EXPECT_LT(*low, -0.99);
  EXPECT_GT(*high, 2.99);
  EXPECT_NEAR(mean(values), 1, 5 * 4 / std::sqrt(12.0 * 20000));  // five standard errors
}

TEST(Sequential, GlorotWeightsStayInTheirBound) {
  const std::vector<double> values = draws("glorot_uniform");
  const double bound = std::sqrt(6.0 / 300);
  for (const double value : values) ASSERT_LE(std::abs(value), bound + 1e-7);
  EXPECT_GT(*std::max_element(values.begin(), values.end()), 0.99 * bound);
}

TEST(Sequential, NormalWeightsHaveTheirMeanAndDeviation) {
  const std::vector<double> values = draws("{normal: {mean: 2, std: 0.5}}");
  EXPECT_NEAR(mean(values), 2, 5 * 0.5 / std::sqrt(20000.0));
  EXPECT_NEAR(deviation(values), 0.5, 5 * 0.5 / std::sqrt(2 * 20000.0));
}

TEST(Sequential, FixedWeightsAreWhatTheySay) {
  EXPECT_THAT(draws("zeros"), Each(0.0));
  EXPECT_THAT(draws("ones"), Each(1.0));
  EXPECT_THAT(draws("{constant: 2.5}"), Each(2.5));
}

std::string refused(Sequential& model, const NamedTensors& tensors) {
  try {
    model.load(tensors);
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "taken";
}

TEST(Sequential, LoadsWeightsByNameAndBuffersToo) {
  constexpr const char* kLayers = "[{embedding_bag: 4}, batch_norm, {linear: 1}]";
  Sequential from = model(kLayers, {}, 1), to = model(kLayers, {}, 2);
  find(from.buffers(), "batch_norm_1.running_mean").fill_(7);
  NamedTensors saved = from.buffers();
  for (const auto& parameter : from.parameters()) saved.push_back(parameter);
  to.load(saved);
  for (const auto& [name, tensor] : saved) {
    NamedTensors own = to.parameters();
    for (const auto& buffer : to.buffers()) own.push_back(buffer);
    EXPECT_EQ(numbers(find(own, name)), numbers(tensor)) << name;
  }
}

TEST(Sequential, RefusesWeightsOfAnotherModelAndStaysAsItWas) {
  Sequential target = model(kSmall);
  const NamedTensors own = target.parameters();
  const std::vector<double> before = numbers(own[0].second);
  NamedTensors less = own, more = own, other = own;
  less.pop_back();
  more.emplace_back("linear_9.weight", own[0].second);
  other[0].second = at::ones({2, 4});
  EXPECT_EQ(refused(target, less), "tensor 'linear_2.bias' is missing from the saved weights");
  EXPECT_EQ(refused(target, more), "tensor 'linear_9.weight' of the saved weights is unknown to this model");
  EXPECT_EQ(refused(target, other),
            "tensor 'embedding_0.weight' has shape [2, 4] in the saved weights, this model needs [10, 4]");
  EXPECT_EQ(numbers(target.parameters()[0].second), before);
}

TokenRows three_rows() {
  TokenRows rows;
  for (const std::vector<int32_t>& row : {std::vector<int32_t>{2, 3, 4}, {}, {5}}) {
    rows.ids.insert(rows.ids.end(), row.begin(), row.end());
    rows.end_row();
  }
  return rows;
}

std::vector<int64_t> integers(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<int64_t>(), tensor.const_data_ptr<int64_t>() + tensor.numel()};
}

TEST(Features, ArePaddedToTheLongestRowOrTheFixedLength) {
  const std::vector<int64_t> picked = {2, 0};
  const Features longest = make_features(three_rows(), picked, {}, c10::kCPU);
  EXPECT_EQ(longest.values.sizes(), (std::vector<int64_t>{2, 3}));
  EXPECT_THAT(integers(longest.values), ElementsAre(5, 0, 0, 2, 3, 4));
  EXPECT_THAT(integers(longest.lengths), ElementsAre(1, 3));
  const Features fixed = make_features(three_rows(), picked, {false, 4}, c10::kCPU);
  EXPECT_THAT(integers(fixed.values), ElementsAre(5, 0, 0, 0, 2, 3, 4, 0));
}

TEST(Features, OfEmptyTextsHaveOnePosition) {
  const std::vector<int64_t> empty = {1};
  const Features features = make_features(three_rows(), empty, {}, c10::kCPU);
  EXPECT_THAT(integers(features.values), ElementsAre(0));
  EXPECT_THAT(integers(features.lengths), ElementsAre(0));
}

TEST(Features, StayRaggedForABag) {
  const std::vector<int64_t> all = {0, 1, 2};
  const Features features = make_features(three_rows(), all, {true, std::nullopt}, c10::kCPU);
  EXPECT_THAT(integers(features.values), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(integers(features.lengths), ElementsAre(3, 0, 1));
}

TEST(Logits, AreThoseOfEachTextWhateverTheBatch) {
  Sequential net = model("[{embedding: 4}, {dropout: 0.5}, mean_pool, {linear: 3}]", {.num_outputs = 3});
  net.train(true);  // computing logits turns dropout off
  const std::vector<float> together = compute_logits(net, three_rows(), {}, 3, c10::kCPU);
  ASSERT_EQ(together.size(), 9u);
  for (const int64_t batch : {1, 2}) {
    const std::vector<float> apart = compute_logits(net, three_rows(), {}, batch, c10::kCPU);
    EXPECT_THAT(apart, ::testing::Pointwise(::testing::FloatNear(1e-6f), together)) << batch;
  }
}

TEST(Logits, StopWhereThePollThrows) {
  Sequential net = model(kSmall);
  EXPECT_THROW(compute_logits(net, three_rows(), {}, 1, c10::kCPU, [] { throw 5; }), int);
  EXPECT_THAT(compute_logits(net, TokenRows(), {}, 1, c10::kCPU), IsEmpty());
}

/// Batches of two and three texts take another way through LibTorch's products where weights want gradients.
TEST(Sequential, EvaluatesToTheBitsOfWeightsThatWantNoGradient) {
  for (const char* layers :
       {"[{embedding: 8}, {gru: {units: 9, output: last}}, {linear: 1}]",
        "[{embedding: 64}, {gru: {units: 64, bidirectional: true}}, mean_pool, {linear: 1}]",
        "[{embedding: 64}, {lstm: {units: 64}}, {attention_pool: 8}, {linear: 1}]",
        "[{embedding: 64}, {linear: {units: 48, bias: false}}, max_pool, {linear: 1}]"}) {
    for (const int64_t texts : {1, 2, 3, 5, 9}) {
      Sequential wanting = model(layers), frozen = model(layers);
      for (auto& [name, tensor] : frozen.parameters()) tensor.set_requires_grad(false);
      const at::Tensor ids = at::arange(texts * 7, at::kLong).remainder(5).add(1).view({texts, 7});
      const Features features{ids, at::full({texts}, 7, at::kLong)};
      const at::NoGradGuard no_grad;
      EXPECT_TRUE(at::equal(wanting.forward(features), frozen.forward(features))) << layers << texts;
      for (const auto& [name, tensor] : wanting.parameters()) EXPECT_TRUE(tensor.requires_grad()) << name;
    }
  }
}

}  // namespace
}  // namespace bernoulli

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/jit/api/module.h>

#include "model/model_fixture.h"

namespace bernoulli {
namespace {

using testing::double_model;
using testing::doubles;
using testing::longs;
using testing::numbers;
using testing::PlanOptions;

/// A scalar that depends on every logit differently.
at::Tensor objective(Sequential& model, const Features& features) {
  const at::Tensor logits = model.forward(features);
  const at::Tensor factors = doubles({1.0, -0.5, 2.0, 0.7, -1.3, 0.4}, {3, 2});
  return logits.mul(factors).add(logits.square(), 0.3).sum();
}

/// Central differences of every trainable number against autograd.
void expect_true_gradients(Sequential& model, const Features& features) {
  at::set_num_threads(1);  // for tensors this small, threads only wait for each other
  objective(model, features).backward();
  constexpr double kStep = 1e-5;
  for (const auto& [name, parameter] : model.parameters()) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    const std::vector<double> gradient = numbers(parameter.grad());
    double* values = parameter.data_ptr<double>();
    for (size_t i = 0; i < gradient.size(); ++i) {
      const double before = values[i];
      values[i] = before + kStep;
      const double above = objective(model, features).item<double>();
      values[i] = before - kStep;
      const double below = objective(model, features).item<double>();
      values[i] = before;
      // Rounding leaves 1e-11 and curvature, steep behind a small batch variance, some 1e-7 of the slope.
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-6 * std::max(1.0, std::abs(gradient[i])))
          << name << " entry " << i;
    }
  }
}

/// Texts (3, 4, 3), (1, 2), (5): padding is id 0.
Features padded() { return {longs({3, 4, 3, 1, 2, 0, 5, 0, 0}).reshape({3, 3}), longs({3, 2, 1})}; }
Features ragged() { return {longs({3, 4, 3, 1, 2, 5}), longs({3, 2, 1})}; }

TEST(Gradient, OfAPaddedModelIsThatOfFiniteDifferences) {
  Sequential model = double_model(
      "[{embedding: {dim: 3, initializer: {normal: 1}}}, {linear: 4}, gelu, layer_norm, mean_pool, {linear: "
      "4}, silu, "
      "{linear: 3}, batch_norm, tanh, {linear: 3}, sigmoid, {linear: 3}, {leaky_relu: 0.2}, {linear: 2}]",
      {.num_ids = 6, .num_outputs = 2, .initializer = "torch"});
  for (const bool training : {true, false}) {
    SCOPED_TRACE(training ? "training" : "evaluation");
    for (const auto& [name, parameter] : model.parameters()) parameter.mutable_grad().reset();
    model.train(training);
    expect_true_gradients(model, padded());
  }
}

TEST(Gradient, OfEveryPoolIsThatOfFiniteDifferences) {
  for (const char* pool : {"sum_pool", "max_pool", "{mean_pool: {padding: include}}",
                           "{max_pool: {padding: include}}", "{sum_pool: {padding: include}}"}) {
    SCOPED_TRACE(pool);
    Sequential model =
        double_model("[{embedding: 3}, " + std::string(pool) + ", {linear: 2}]",
                     {.sequence_length = 3, .num_ids = 6, .num_outputs = 2, .initializer = "torch"});
    expect_true_gradients(model, padded());
  }
}

TEST(Gradient, OfEveryLayerThatLooksAtNeighboursIsThatOfFiniteDifferences) {
  for (const char* layer :
       {"{conv1d: {channels: 3, kernel_size: 3}}, mean_pool",
        "{conv1d: {channels: 3, kernel_size: 2, dilation: 2}}, max_pool",
        "{conv1d: {channels: 3, kernel_size: 3, padding: include, bias: false}}, mean_pool",
        "{attention_pool: 2}", "{gru: 2}, mean_pool", "{gru: {units: 2, bidirectional: true, output: last}}",
        "{lstm: {units: 2, output: last}}", "{lstm: {units: 2, bidirectional: true}}, mean_pool"}) {
    SCOPED_TRACE(layer);
    Sequential model =
        double_model("[{embedding: 3}, " + std::string(layer) + ", {linear: 2}]",
                     {.sequence_length = 3, .num_ids = 6, .num_outputs = 2, .initializer = "torch"});
    expect_true_gradients(model, padded());
  }
}

/// What training on the CPU computes by operators of its own.
const char* const kOwnOperators[] = {
    "{conv1d: {channels: 3, kernel_size: 3}}, max_pool",
    "{conv1d: {channels: 3, kernel_size: 2, dilation: 2}}, relu, max_pool",
    "{conv1d: {channels: 19, kernel_size: 3, padding: include, bias: false}}, tanh, max_pool",
    "{conv1d: {channels: 3, kernel_size: 4}}, {leaky_relu: 0.1}, sigmoid, {max_pool: {padding: include}}",
    "{conv1d: {channels: 3, kernel_size: 3, padding: include}}, sigmoid, {max_pool: {padding: include}}",
    "{conv1d: {channels: 4, kernel_size: 2}}, relu, {conv1d: {channels: 3, kernel_size: 3, dilation: 3}}, "
    "max_pool, tanh",
    "{parallel: [[{conv1d: {channels: 4, kernel_size: 3}}, relu, max_pool], [{conv1d: {channels: 3, "
    "kernel_size: "
    "2}}, max_pool, tanh], [{parallel: [[{lstm: {units: 3, output: last}}], [mean_pool]]}]]}",
    "{lstm: 5}, mean_pool",
    "{lstm: {units: 16, bidirectional: true, output: last}}",
    "{lstm: {units: 33, bidirectional: true}}, {attention_pool: 4}",
    "{gru: 5}, mean_pool",
    "{gru: {units: 16, bidirectional: true, output: last}}",
    "{gru: {units: 33, bidirectional: true}}, {lstm: {units: 3, output: last}}"};

constexpr const char* kFirst = "[{embedding: {dim: 5, initializer: {normal: 1}}}, ";
const PlanOptions kOfOperators = {
    .sequence_length = 400, .num_ids = 50, .num_outputs = 2, .initializer = "torch"};

/// Texts of 400, 0, 1, 37, 399 and 120 words in one batch.
Features of_many_lengths() {
  const std::vector<int64_t> lengths = {400, 0, 1, 37, 399, 120};
  std::vector<int64_t> ids;
  for (const int64_t length : lengths) {
    for (int64_t i = 0; i < 400; ++i) ids.push_back(i < length ? 1 + (i * i + 7 * length) % 49 : 0);
  }
  return {longs(ids).reshape({6, 400}), longs(lengths)};
}

struct OutputsAndGradients {
  std::vector<double> outputs;
  std::vector<std::pair<std::string, std::vector<double>>> gradients;
};

OutputsAndGradients of(Sequential& model, const Features& features) {
  for (const auto& [name, parameter] : model.parameters()) parameter.mutable_grad().reset();
  const at::Tensor logits = model.forward(features);
  std::vector<double> factors;
  for (int64_t i = 0; i < logits.numel(); ++i) factors.push_back(std::cos(static_cast<double>(i)));
  logits.mul(doubles(factors, logits.sizes()).to(logits.scalar_type())).sum().backward();
  OutputsAndGradients out{numbers(logits), {}};
  for (const auto& [name, parameter] : model.parameters())
    out.gradients.emplace_back(name, numbers(parameter.grad()));
  return out;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    EXPECT_FALSE(std::isnan(a[i])) << i;
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

/// As near to the exact numbers as LibTorch's operators come in float32, or to 1e-6 of the largest one.
void expect_near(const std::vector<double>& found, const std::vector<double>& exact,
                 const std::vector<double>& of_libtorch) {
  const double largest = largest_difference(exact, std::vector<double>(exact.size()));
  EXPECT_LE(largest_difference(found, exact),
            std::max(1e-6 * largest, 2 * largest_difference(of_libtorch, exact)));
}

TEST(TrainingText, ComputesWhatEvaluationComputes) {
  at::set_num_threads(1);
  const Features features = of_many_lengths();
  for (const char* layers : kOwnOperators) {
    SCOPED_TRACE(layers);
    const std::string chain = kFirst + std::string(layers) + ", {linear: 2}]";
    Sequential in_double = double_model(chain, kOfOperators);
    const OutputsAndGradients exact = of(in_double, features);
    Sequential model(testing::plan(chain, kOfOperators), 3, c10::kCPU);
    const OutputsAndGradients of_libtorch = of(model, features);
    model.train(true);
    const OutputsAndGradients found = of(model, features);
    expect_near(found.outputs, exact.outputs, of_libtorch.outputs);
    for (size_t i = 0; i < exact.gradients.size(); ++i) {
      SCOPED_TRACE(exact.gradients[i].first);
      expect_near(found.gradients[i].second, exact.gradients[i].second, of_libtorch.gradients[i].second);
    }
    model.train(false);
    EXPECT_EQ(numbers(model.forward(features)), of_libtorch.outputs);
  }
}

TEST(TrainingText, GivesTheSameBitsOnAnyNumberOfThreads) {
  for (const char* layers : {kOwnOperators[0], "{lstm: {units: 33, bidirectional: true, output: last}}",
                             "{gru: {units: 16, bidirectional: true, output: last}}",
                             "{lstm: 5}, {gru: {units: 7, output: last}}"}) {
    SCOPED_TRACE(layers);
    Sequential model(testing::plan(kFirst + std::string(layers) + ", {linear: 2}]", kOfOperators), 3,
                     c10::kCPU);
    model.train(true);
    at::set_num_threads(1);
    const OutputsAndGradients alone = of(model, of_many_lengths());
    at::set_num_threads(3);
    const OutputsAndGradients shared = of(model, of_many_lengths());
    at::set_num_threads(1);
    EXPECT_EQ(shared.outputs, alone.outputs);
    EXPECT_EQ(shared.gradients, alone.gradients);
  }
}

TEST(TrainingText, TakesABatchOfEmptyTexts) {
  const Features features = {longs({0, 0}).reshape({2, 1}), longs({0, 0})};
  for (const char* layers : {"{conv1d: {channels: 3, kernel_size: 3}}, max_pool",
                             "{lstm: {units: 2, output: last}}", "{gru: 2}, mean_pool"}) {
    SCOPED_TRACE(layers);
    const std::string chain = kFirst + std::string(layers) + ", {linear: 2}]";
    const PlanOptions options = {.num_ids = 50, .num_outputs = 2, .initializer = "torch"};
    Sequential model(testing::plan(chain, options), 3, c10::kCPU);
    const std::vector<double> evaluated = numbers(model.forward(features));
    model.train(true);
    EXPECT_EQ(of(model, features).outputs, evaluated);
  }
}

/// What is no number has to reach the loss, which refuses it.
TEST(TrainingText, KeepsWhatIsNoNumber) {
  for (const char* layers : kOwnOperators) {
    SCOPED_TRACE(layers);
    Sequential model(testing::plan(kFirst + std::string(layers) + ", {linear: 2}]", kOfOperators), 3,
                     c10::kCPU);
    model.train(true);
    at::Tensor table = testing::find(model.parameters(), "embedding_0.weight").detach();
    table[8].fill_(std::numeric_limits<double>::quiet_NaN());
    const std::vector<double> logits = numbers(model.forward(of_many_lengths()));
    EXPECT_TRUE(std::isnan(logits[0])) << "of a text whose first word has no numbers";
  }
}

TEST(TrainingText, SharesTheParametersAndLeavesTheExportedModuleAlone) {
  const PlanOptions options = {.sequence_length = 3, .num_ids = 6, .num_outputs = 2, .initializer = "torch"};
  Sequential model(
      testing::plan(kFirst + std::string(kOwnOperators[1]) + ", {dropout: 0.5}, {linear: 2}]", options), 3,
      c10::kCPU);
  model.train(true);
  EXPECT_FALSE(model.module().find_method("forward"));
  const std::string exported = model.module().dump_to_str(true, false, false);
  for (const char* text : {"bernoulli.highest_window", "random_"})
    EXPECT_EQ(exported.find(text), std::string::npos) << text;
  const at::Tensor before = objective(model, padded());
  for (const auto& [name, parameter] : model.parameters()) parameter.detach().zero_();
  EXPECT_EQ(objective(model, padded()).item<double>(), 0) << "training has parameters of its own";
}

TEST(Gradient, OfARaggedModelIsThatOfFiniteDifferences) {
  for (const std::string mode : {"mean", "sum", "max"}) {
    SCOPED_TRACE(mode);
    Sequential model =
        double_model("[{embedding_bag: {dim: 3, mode: " + mode + "}}, {linear: 4}, relu, {linear: 2}]",
                     {.num_ids = 6, .num_outputs = 2, .initializer = "torch"});
    expect_true_gradients(model, ragged());
  }
}

}  // namespace
}  // namespace bernoulli

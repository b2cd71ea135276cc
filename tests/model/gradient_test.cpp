#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

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

/// Chains of which training takes the highest windows alone.
const char* const kHighestWindows[] = {
    "{conv1d: {channels: 3, kernel_size: 3}}, max_pool",
    "{conv1d: {channels: 3, kernel_size: 2, dilation: 2}}, relu, max_pool",
    "{conv1d: {channels: 3, kernel_size: 3, padding: include, bias: false}}, tanh, max_pool",
    "{conv1d: {channels: 3, kernel_size: 4}}, {leaky_relu: 0.1}, sigmoid, {max_pool: {padding: include}}",
    "{conv1d: {channels: 3, kernel_size: 3, padding: include}}, sigmoid, {max_pool: {padding: include}}",
    "{conv1d: {channels: 4, kernel_size: 2}}, relu, {conv1d: {channels: 3, kernel_size: 3, dilation: 3}}, "
    "max_pool, tanh"};

Sequential with_highest_windows(const std::string& layers) {
  return double_model("[{embedding: {dim: 3, initializer: {normal: 1}}}, " + layers + ", {linear: 2}]",
                      {.sequence_length = 3, .num_ids = 6, .num_outputs = 2, .initializer = "torch"});
}

TEST(Gradient, OfTheHighestWindowsIsThatOfFiniteDifferences) {
  for (const char* layers : kHighestWindows) {
    SCOPED_TRACE(layers);
    Sequential model = with_highest_windows(layers);
    model.train(true);
    expect_true_gradients(model, padded());
  }
}

TEST(TrainingText, ComputesWhatEvaluationComputes) {
  // The second text is empty.
  const Features features = {longs({3, 4, 3, 0, 0, 0, 5, 2, 0}).reshape({3, 3}), longs({3, 0, 2})};
  for (const char* layers : kHighestWindows) {
    SCOPED_TRACE(layers);
    Sequential model = with_highest_windows(layers);
    const std::vector<double> expected = numbers(model.forward(features));
    const auto gradients = [&] {
      for (const auto& [name, parameter] : model.parameters()) parameter.mutable_grad().reset();
      objective(model, features).backward();
      std::vector<double> all;
      for (const auto& [name, parameter] : model.parameters())
        for (const double value : numbers(parameter.grad())) all.push_back(value);
      return all;
    };
    const std::vector<double> expected_gradients = gradients();
    model.train(true);
    const std::vector<double> found = numbers(model.forward(features)), found_gradients = gradients();
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;
    ASSERT_EQ(found_gradients.size(), expected_gradients.size());
    for (size_t i = 0; i < expected_gradients.size(); ++i)
      EXPECT_NEAR(found_gradients[i], expected_gradients[i], 1e-12) << i;
    model.train(false);
    EXPECT_EQ(numbers(model.forward(features)), expected);
  }
}

TEST(TrainingText, SharesTheParametersAndLeavesTheExportedModuleAlone) {
  Sequential model = with_highest_windows(std::string(kHighestWindows[1]) + ", {dropout: 0.5}");
  model.train(true);
  EXPECT_FALSE(model.module().find_method("forward"));
  const std::string exported = model.module().dump_to_str(true, false, false);
  for (const char* text : {"argmax", "random_"}) EXPECT_EQ(exported.find(text), std::string::npos) << text;
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

// Branches of layers: golden/parallel.json, which is PyTorch's, and the script beside it.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/generator.h"
#include "model/model_fixture.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using testing::find;
using testing::longs;
using testing::numbers;
using ::testing::Pointwise;

Json golden() {
  std::ifstream file(std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "golden" / "parallel.json");
  return Json::parse(file);
}

Features features_of(const Json& golden) {
  const auto lengths = golden.at("lengths").get<std::vector<int64_t>>();
  const auto rows = static_cast<int64_t>(lengths.size());
  return {longs(golden.at("ids").get<std::vector<int64_t>>()).reshape({rows, -1}), longs(lengths)};
}

/// Gives the model the weights of a case and holds logits and gradients to it.
void expect_case(Sequential& model, const Json& golden, const Json& one, double tolerance) {
  const auto near = [&](const std::vector<double>& expected) {
    return Pointwise(DoubleNear(tolerance), expected);
  };
  ASSERT_EQ(model.parameters().size(), one.at("weights").size());
  for (const auto& [name, values] : one.at("weights").items())
    testing::set(find(model.parameters(), name), values.get<std::vector<double>>());
  for (const auto& [name, parameter] : model.parameters()) parameter.mutable_grad().reset();
  const at::Tensor logits = model.forward(features_of(golden));
  EXPECT_THAT(numbers(logits), near(one.at("logits").get<std::vector<double>>()));
  const auto factors = golden.at("factors").get<std::vector<double>>();
  logits.mul(testing::doubles(factors, logits.sizes()).to(logits.scalar_type())).sum().backward();
  for (const auto& [name, values] : one.at("gradients").items()) {
    EXPECT_THAT(numbers(find(model.parameters(), name).grad()), near(values.get<std::vector<double>>()))
        << name;
  }
}

TEST(Parallel, HasTheLogitsAndGradientsOfPyTorch) {
  const Json all = golden();
  for (const Json& one : all.at("cases")) {
    const auto layers = one.at("layers").get<std::string>();
    SCOPED_TRACE(layers);
    const testing::PlanOptions options = {.num_ids = all.at("num_ids"), .num_outputs = 2};
    Sequential exact = testing::double_model(layers, options);
    expect_case(exact, all, one, 1e-12);
    Sequential model(testing::plan(layers, options), 3, c10::kCPU);
    model.train(true);  // by the operators of training
    expect_case(model, all, one, 2e-6);
  }
}

constexpr const char* kBranches =
    "[{embedding: 3}, {parallel: [[{conv1d: {channels: 2, kernel_size: 3}}, {dropout: 0.5}, relu, max_pool], "
    "[{dropout: 0.5}, mean_pool], [{parallel: {join: sum, branches: [[], [{linear: 3}]]}}, max_pool]]}, "
    "{linear: 1}]";

TEST(Parallel, NamesItsTensorsByKindAndPlace) {
  Sequential model(testing::plan(kBranches), 3, c10::kCPU);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : model.parameters()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("embedding_0.weight", "conv1d_1_0_0.weight", "conv1d_1_0_0.bias",
                                 "linear_1_2_0_1_0.weight", "linear_1_2_0_1_0.bias", "linear_2.weight",
                                 "linear_2.bias"));
}

TEST(Parallel, DropsInTrainingAloneAndDrawsAlikeFromTheSameSeed) {
  Sequential model(testing::plan(kBranches), 3, c10::kCPU);
  const Features features = {longs({3, 4, 5, 1, 2, 0}).reshape({2, 3}), longs({3, 2})};
  const auto train = [&](uint64_t seed) {
    model.train(true);
    seed_generator(c10::kCPU, seed);
    return numbers(model.forward(features));
  };
  const std::vector<double> first = train(1);
  EXPECT_EQ(train(1), first);
  EXPECT_NE(train(2), first);
  model.train(false);
  const std::vector<double> evaluated = numbers(model.forward(features));
  EXPECT_EQ(numbers(model.forward(features)), evaluated);
  EXPECT_NE(evaluated, first);
}

}  // namespace
}  // namespace bernoulli

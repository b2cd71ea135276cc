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
      "model.layers[0] (embedding): initializer uniform: low is above high");
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

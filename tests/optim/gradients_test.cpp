// Clipping and averaging.
#include "optim/gradients.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "optim/optim_fixture.h"
#include "optim/weight_average.h"

namespace bernoulli {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using testing::numbers;
using testing::parameter;
using testing::set_gradient;
using testing::vector;

/// Gradients (3, 0) and (4): norm 5. The third has none.
NamedTensors three_four() {
  NamedTensors parameters = {{"a", parameter({1, 1})}, {"b", parameter({1})}, {"c", parameter({1})}};
  set_gradient(parameters[0].second, {3, 0});
  set_gradient(parameters[1].second, {-4});
  return parameters;
}

TEST(GradientNorm, IsTakenOverAllParametersTogether) {
  EXPECT_DOUBLE_EQ(gradient_norm(three_four()), 5);
  EXPECT_EQ(gradient_norm({}), 0);
  EXPECT_EQ(gradient_norm({{"a", parameter({1})}}), 0);
}

TEST(GradientNorm, IsNotFiniteWhereAGradientIsNot) {
  NamedTensors parameters = three_four();
  set_gradient(parameters[1].second, {std::numeric_limits<double>::infinity()});
  EXPECT_TRUE(std::isinf(gradient_norm(parameters)));
  set_gradient(parameters[1].second, {std::numeric_limits<double>::quiet_NaN()});
  EXPECT_TRUE(std::isnan(gradient_norm(parameters)));
}

TEST(Clipping, ByNormScalesAllGradientsAlike) {
  const NamedTensors parameters = three_four();
  clip_gradient_norm(parameters, gradient_norm(parameters), 2.5);
  EXPECT_THAT(numbers(parameters[0].second.grad()), ElementsAre(DoubleNear(1.5, 1e-6), 0));
  EXPECT_THAT(numbers(parameters[1].second.grad()), ElementsAre(DoubleNear(-2, 1e-6)));
  EXPECT_THAT(numbers(parameters[0].second.grad())[0], 3 * (2.5 / (5 + 1e-6)));
}

TEST(Clipping, ByNormOnTheDeviceIsThatOfTheHost) {
  for (const double max_norm : {2.5, 6.0}) {
    const NamedTensors a = three_four(), b = three_four();
    const at::Tensor norm = device_gradient_norm(b);
    EXPECT_EQ(norm.item<double>(), gradient_norm(a));
    clip_gradient_norm(a, gradient_norm(a), max_norm);
    clip_gradient_norm(b, norm, max_norm);
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(numbers(a[i].second.grad()), numbers(b[i].second.grad()));
  }
}

TEST(Clipping, ByNormLeavesShortGradientsAlone) {
  const NamedTensors parameters = three_four();
  clip_gradient_norm(parameters, 5, 6);
  EXPECT_THAT(numbers(parameters[0].second.grad()), ElementsAre(3, 0));
}

TEST(Clipping, ByValueClampsEachEntry) {
  const NamedTensors parameters = three_four();
  clip_gradient_value(parameters, 3.5);
  EXPECT_THAT(numbers(parameters[0].second.grad()), ElementsAre(3, 0));
  EXPECT_THAT(numbers(parameters[1].second.grad()), ElementsAre(-3.5));
}

TEST(WeightAverage, StaysWhereTheDeviceRefuses) {
  const at::Tensor a = parameter({1, 2}, at::kFloat), b = parameter({1, 2}, at::kFloat);
  WeightAverage of_host(0.9, {{"w", a}}), of_device(0.9, {{"w", b}});
  {
    const at::NoGradGuard no_grad;
    a.fill_(3);
    b.fill_(std::numeric_limits<float>::infinity());
  }
  of_device.update_on_device(vector({1}, at::kFloat).squeeze(0));
  EXPECT_THAT(numbers(of_device.averages()[0].second), ElementsAre(1, 2));
  {
    const at::NoGradGuard no_grad;
    b.fill_(3);
  }
  of_host.update();
  of_device.update_on_device(vector({0}, at::kFloat).squeeze(0));
  EXPECT_EQ(numbers(of_device.averages()[0].second), numbers(of_host.averages()[0].second));
}

TEST(WeightAverage, MovesByTheShareThatDecayLeaves) {
  NamedTensors parameters = {{"w", parameter({1, 2})}};
  WeightAverage average(0.75, parameters);
  EXPECT_THAT(numbers(average.averages()[0].second), ElementsAre(1, 2));
  parameters[0].second.detach().copy_(vector({5, 2}));
  average.update();
  EXPECT_THAT(numbers(average.averages()[0].second), ElementsAre(2, 2));
  average.update();
  EXPECT_THAT(numbers(average.averages()[0].second), ElementsAre(2.75, 2));
  EXPECT_EQ(average.averages()[0].first, "w");
  EXPECT_THAT(numbers(parameters[0].second), ElementsAre(5, 2));
}

TEST(WeightAverage, ChangesPlacesWithTheWeightsAndBack) {
  NamedTensors parameters = {{"w", parameter({1})}};
  WeightAverage average(0.5, parameters);
  parameters[0].second.detach().fill_(3);
  average.update();
  average.swap();
  EXPECT_THAT(numbers(parameters[0].second), ElementsAre(2));
  EXPECT_THAT(numbers(average.averages()[0].second), ElementsAre(3));
  average.swap();
  EXPECT_THAT(numbers(parameters[0].second), ElementsAre(3));
}

TEST(WeightAverage, TakesSavedAveragesByNameAndRefusesOthers) {
  WeightAverage average(0.5, {{"v", parameter({1})}, {"w", parameter({1, 2})}});
  average.load({{"w", vector({7, 8})}, {"v", vector({9})}});
  EXPECT_THAT(numbers(average.averages()[0].second), ElementsAre(9));
  EXPECT_THAT(numbers(average.averages()[1].second), ElementsAre(7, 8));
  const auto refused = [&](const NamedTensors& saved) -> std::string {
    try {
      average.load(saved);
    } catch (const ArtifactError& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(refused({{"v", vector({1})}}), "tensor 'w' is missing from the saved averages");
  EXPECT_EQ(refused({{"v", vector({1})}, {"u", vector({1, 2})}}),
            "tensor 'u' of the saved averages is unknown to this model");
  EXPECT_EQ(refused({{"v", vector({1})}, {"w", vector({1})}}),
            "tensor 'w' has shape [1] in the saved averages, this model needs [2]");
}

}  // namespace
}  // namespace bernoulli

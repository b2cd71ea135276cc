// Each update rule against torch::optim, in float64, over steps whose gradients and rates change.

#include "optim/optimizer.h"

#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/isfinite.h>
#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include "core/error.h"
#include "optim/optim_fixture.h"
#include "support/message_of.h"

namespace bernoulli {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using testing::message_of;
using testing::numbers;
using testing::optimizer_config;
using testing::parameter;
using ::testing::Pointwise;
using testing::set_gradient;
using Json = nlohmann::ordered_json;

const std::vector<double> kStart = {1.0, -2.0, 0.5, 0.0};

/// Gradient of step 0, 1, ...: of changing sign and size, with a zero in it.
std::vector<double> gradient(int step) {
  return {1.0 / (step + 1), -0.5 * step, step % 2 == 0 ? 3.0 : -1.0, step == 2 ? 1e-3 : 0.0};
}

double rate(int step) { return 0.1 / (1 + step); }

std::vector<double> ours(const OptimizerConfig& config, int steps) {
  const at::Tensor weight = parameter(kStart);
  const auto optimizer = make_optimizer(config, {{"weight", weight}});
  for (int step = 0; step < steps; ++step) {
    set_gradient(weight, gradient(step));
    optimizer->step(rate(step));
  }
  return numbers(weight);
}

template <class Theirs, class Options>
std::vector<double> torchs(const Options& options, int steps) {
  const at::Tensor weight = parameter(kStart);
  Theirs optimizer(std::vector<at::Tensor>{weight}, options);
  for (int step = 0; step < steps; ++step) {
    set_gradient(weight, gradient(step));
    static_cast<Options&>(optimizer.param_groups()[0].options()).lr(rate(step));
    optimizer.step();
  }
  return numbers(weight);
}

template <class Theirs, class Options>
void expect_torchs_numbers(const OptimizerConfig& config, const Options& options) {
  SCOPED_TRACE(config.kind.kind + config.kind.args.dump());
  for (const int steps : {1, 2, 7})
    EXPECT_THAT(ours(config, steps), Pointwise(DoubleNear(1e-12), torchs<Theirs>(options, steps))) << steps;
}

using torch::optim::AdagradOptions;
using torch::optim::AdamOptions;
using torch::optim::AdamWOptions;
using torch::optim::RMSpropOptions;
using torch::optim::SGDOptions;

TEST(Optimizer, SgdTakesTorchsSteps) {
  const auto same = [](const Json& changes, const SGDOptions& options) {
    expect_torchs_numbers<torch::optim::SGD>(optimizer_config("sgd", changes), options);
  };
  same({}, SGDOptions(0.1));
  same({{"weight_decay", 0.3}}, SGDOptions(0.1).weight_decay(0.3));
  same({{"momentum", 0.9}}, SGDOptions(0.1).momentum(0.9));
  same({{"momentum", 0.9}, {"dampening", 0.5}, {"weight_decay", 0.1}},
       SGDOptions(0.1).momentum(0.9).dampening(0.5).weight_decay(0.1));
  same({{"momentum", 0.8}, {"nesterov", true}}, SGDOptions(0.1).momentum(0.8).nesterov(true));
}

TEST(Optimizer, AdamTakesTorchsSteps) {
  const auto same = [](const Json& changes, const AdamOptions& options) {
    expect_torchs_numbers<torch::optim::Adam>(optimizer_config("adam", changes), options);
  };
  same({}, AdamOptions(0.1));
  same({{"eps", 1e-3}, {"beta1", 0.5}, {"beta2", 0.6}}, AdamOptions(0.1).eps(1e-3).betas({0.5, 0.6}));
  same({{"weight_decay", 0.3}}, AdamOptions(0.1).weight_decay(0.3));
  same({{"amsgrad", true}}, AdamOptions(0.1).amsgrad(true));
}

TEST(Optimizer, AdamwTakesTorchsSteps) {
  const auto same = [](const Json& changes, const AdamWOptions& options) {
    expect_torchs_numbers<torch::optim::AdamW>(optimizer_config("adamw", changes), options);
  };
  same({}, AdamWOptions(0.1).weight_decay(0));
  same({{"weight_decay", 0.3}}, AdamWOptions(0.1).weight_decay(0.3));
  same({{"weight_decay", 0.3}, {"amsgrad", true}}, AdamWOptions(0.1).weight_decay(0.3).amsgrad(true));
}

TEST(Optimizer, RmspropTakesTorchsSteps) {
  const auto same = [](const Json& changes, const RMSpropOptions& options) {
    expect_torchs_numbers<torch::optim::RMSprop>(optimizer_config("rmsprop", changes), options);
  };
  same({}, RMSpropOptions(0.1));
  same({{"weight_decay", 0.3}, {"alpha", 0.5}}, RMSpropOptions(0.1).weight_decay(0.3).alpha(0.5));
  same({{"momentum", 0.9}}, RMSpropOptions(0.1).momentum(0.9));
  same({{"centered", true}, {"eps", 1e-2}}, RMSpropOptions(0.1).centered(true).eps(1e-2));
  same({{"centered", true}, {"eps", 1e-2}, {"momentum", 0.5}},
       RMSpropOptions(0.1).centered(true).eps(1e-2).momentum(0.5));
}

/// Under a constant gradient the variance comes to 0, and rounding puts it on either side.
TEST(Optimizer, CenteredRmspropStaysFiniteWhereTheGradientDoesNotVary) {
  std::vector<double> gradient;
  for (int i = 1; i <= 20; ++i) gradient.push_back(0.0731 * i);
  const at::Tensor weight = parameter(std::vector<double>(gradient.size(), 1.0));
  const auto optimizer =
      make_optimizer(optimizer_config("rmsprop", {{"centered", true}, {"alpha", 0.5}}), {{"w", weight}});
  for (int step = 0; step < 200; ++step) {
    set_gradient(weight, gradient);
    optimizer->step(1e-6);
    ASSERT_TRUE(at::isfinite(weight).all().item<bool>()) << step;
  }
}

TEST(Optimizer, AdagradTakesTorchsSteps) {
  const auto same = [](const Json& changes, const AdagradOptions& options) {
    expect_torchs_numbers<torch::optim::Adagrad>(optimizer_config("adagrad", changes), options);
  };
  same({}, AdagradOptions(0.1));
  same({{"weight_decay", 0.3}}, AdagradOptions(0.1).weight_decay(0.3));
  same({{"lr_decay", 0.5}, {"initial_accumulator_value", 0.2}, {"eps", 1e-3}},
       AdagradOptions(0.1).lr_decay(0.5).initial_accumulator_value(0.2).eps(1e-3));
}

TEST(Optimizer, SgdByHand) {
  const at::Tensor weight = parameter({1});
  const auto optimizer = make_optimizer(optimizer_config("sgd", {{"momentum", 0.5}}), {{"w", weight}});
  set_gradient(weight, {2});
  optimizer->step(0.1);  // buffer 2
  EXPECT_THAT(numbers(weight), ElementsAre(DoubleNear(0.8, 1e-12)));
  set_gradient(weight, {1});
  optimizer->step(0.1);  // buffer 0.5 * 2 + 1
  EXPECT_THAT(numbers(weight), ElementsAre(DoubleNear(0.6, 1e-12)));
}

TEST(Optimizer, DecaysOnlyWhatIsNotExempt) {
  for (const char* kind : {"sgd", "adam", "adamw", "rmsprop", "adagrad"}) {
    const at::Tensor weight = parameter({1}), bias = parameter({1}), rebias = parameter({1});
    OptimizerConfig config = optimizer_config(kind, {{"weight_decay", 0.5}});
    config.no_decay = {".bias", "norm_1.weight"};
    const at::Tensor norm = parameter({1});
    const auto optimizer = make_optimizer(config, {{"linear_0.weight", weight},
                                                   {"linear_0.bias", bias},
                                                   {"layer_norm_1.weight", norm},
                                                   {"bias_0.weight", rebias}});
    for (const at::Tensor& each : {weight, bias, norm, rebias}) set_gradient(each, {0});
    optimizer->step(0.1);
    EXPECT_LT(numbers(weight)[0], 1.0) << kind;
    EXPECT_LT(numbers(rebias)[0], 1.0) << kind << ": a suffix, not a part of the name";
    EXPECT_EQ(numbers(bias)[0], 1.0) << kind;
    EXPECT_EQ(numbers(norm)[0], 1.0) << kind;
  }
}

TEST(Optimizer, ABiasOfARecurrentLayerIsABias) {
  EXPECT_TRUE(has_no_decay({"bias"}, "gru_0.bias_ih"));
  EXPECT_TRUE(has_no_decay({"bias"}, "lstm_1.bias_hh_reverse"));
  EXPECT_FALSE(has_no_decay({"bias"}, "gru_0.weight_ih"));
  EXPECT_FALSE(has_no_decay({"bias"}, "bias_0.weight"));
}

TEST(Optimizer, KnowsItsBaseRate) {
  EXPECT_EQ(make_optimizer(optimizer_config("adam"), {{"w", parameter({1})}})->base_lr(), 0.1);
}

TEST(Optimizer, GoesOnFromItsStateBitForBit) {
  const std::vector<OptimizerConfig> configs = {
      optimizer_config("sgd"),
      optimizer_config("sgd", {{"momentum", 0.9}, {"dampening", 0.3}}),
      optimizer_config("adam", {{"amsgrad", true}}),
      optimizer_config("adamw", {{"weight_decay", 0.1}}),
      optimizer_config("rmsprop", {{"centered", true}, {"momentum", 0.9}}),
      optimizer_config("adagrad", {{"lr_decay", 0.1}})};
  for (const OptimizerConfig& config : configs) {
    SCOPED_TRACE(config.kind.kind);
    const at::Tensor weight = parameter(kStart, at::kFloat);
    auto optimizer = make_optimizer(config, {{"weight", weight}});
    for (int step = 0; step < 6; ++step) {
      if (step == 3) {
        NamedTensors saved;
        for (const auto& [name, tensor] : optimizer->state()) saved.emplace_back(name, tensor.clone());
        optimizer = make_optimizer(config, {{"weight", weight}});
        optimizer->load_state(saved);
      }
      set_gradient(weight, gradient(step));
      optimizer->step(rate(step));
    }
    const at::Tensor unbroken = parameter(kStart, at::kFloat);
    const auto other = make_optimizer(config, {{"weight", unbroken}});
    for (int step = 0; step < 6; ++step) {
      set_gradient(unbroken, gradient(step));
      other->step(rate(step));
    }
    EXPECT_EQ(numbers(weight), numbers(unbroken));
  }
}

TEST(Optimizer, RefusesStateThatIsNotItsOwn) {
  const auto optimizer = make_optimizer(optimizer_config("adam"), {{"w", parameter({1, 2})}});
  const NamedTensors state = optimizer->state();
  const auto refused = [&](NamedTensors saved) {
    return message_of<ArtifactError>([&] { optimizer->load_state(saved); });
  };
  NamedTensors less = state, more = state, other = state;
  less.pop_back();
  more.emplace_back("v.exp_avg", parameter({1}));
  other[1].second = parameter({1, 2, 3});
  EXPECT_EQ(refused(less), "tensor 'w.exp_avg_sq' is missing from the saved optimizer state");
  EXPECT_EQ(refused(more), "tensor 'v.exp_avg' of the saved optimizer state is unknown to this model");
  EXPECT_EQ(refused(other),
            "tensor 'w.exp_avg' has shape [3] in the saved optimizer state, this model needs [2]");
}

TEST(Optimizer, RefusesAParameterWithoutAGradientAndAKindThatItLacks) {
  EXPECT_EQ(message_of<InternalError>([] {
              make_optimizer(optimizer_config("sgd"), {{"w", parameter({1})}})->step(1);
            }),
            "parameter 'w' has no gradient");
  EXPECT_EQ(message_of<InternalError>([] { make_optimizer(optimizer_config("lion"), {}); }),
            "no optimizer is called 'lion'");
}

at::Tensor scalar(double number) { return at::tensor({static_cast<float>(number)}).squeeze(0); }

std::vector<OptimizerConfig> every_rule() {
  return {optimizer_config("sgd"),
          optimizer_config("sgd", {{"momentum", 0.9}, {"dampening", 0.5}, {"weight_decay", 0.1}}),
          optimizer_config("adam", {{"weight_decay", 0.1}}),
          optimizer_config("adam", {{"amsgrad", true}}),
          optimizer_config("adamw", {{"weight_decay", 0.1}}),
          optimizer_config("rmsprop", {{"weight_decay", 0.1}}),
          optimizer_config("rmsprop", {{"momentum", 0.9}, {"centered", true}}),
          optimizer_config("adagrad", {{"lr_decay", 0.1}, {"weight_decay", 0.1}})};
}

TEST(Optimizer, TakesTheSameStepsByNumbersOfTheDevice) {
  for (const OptimizerConfig& config : every_rule()) {
    SCOPED_TRACE(config.kind.kind + config.kind.args.dump());
    const at::Tensor a = parameter(kStart), b = parameter(kStart);
    const auto of_host = make_optimizer(config, {{"weight", a}}),
               of_device = make_optimizer(config, {{"weight", b}});
    for (int step = 0; step < 7; ++step) {
      set_gradient(a, gradient(step));
      set_gradient(b, gradient(step));
      of_host->step(static_cast<float>(rate(step)));
      of_device->step_on_device({scalar(rate(step)), scalar(step + 1), scalar(0), step == 0});
      of_device->set_updates(step + 1);
    }
    EXPECT_EQ(of_device->updates(), of_host->updates());
    EXPECT_THAT(numbers(b), Pointwise(DoubleNear(1e-14), numbers(a)));
    const NamedTensors expected = of_host->state(), got = of_device->state();
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_THAT(numbers(got[i].second), Pointwise(DoubleNear(1e-14), numbers(expected[i].second)));
  }
}

TEST(Optimizer, MovesNothingWhereTheDeviceRefuses) {
  for (const OptimizerConfig& config : every_rule()) {
    SCOPED_TRACE(config.kind.kind + config.kind.args.dump());
    const at::Tensor weight = parameter(kStart);
    const auto optimizer = make_optimizer(config, {{"weight", weight}});
    set_gradient(weight, gradient(1));
    optimizer->step(0.1);
    const std::vector<double> before = numbers(weight);
    NamedTensors state;
    for (const auto& [name, tensor] : optimizer->state()) state.emplace_back(name, tensor.clone());
    set_gradient(weight, {1, std::nan(""), INFINITY, -1});
    optimizer->step_on_device({scalar(0.1), scalar(2), scalar(1), false});
    EXPECT_EQ(numbers(weight), before);
    const NamedTensors after = optimizer->state();
    for (size_t i = 0; i < after.size(); ++i) EXPECT_EQ(numbers(after[i].second), numbers(state[i].second));
  }
}

}  // namespace
}  // namespace bernoulli

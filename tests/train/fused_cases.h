#pragma once

// Models, optimizers and losses of the fused family, for the tests of its engines.

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>

#include "config/loss_mode.h"
#include "core/random.h"
#include "kernels/cuda/interface.h"
#include "train/cuda_fused_step.h"
#include "train/fused_step.h"
#include "train/reference_step.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

KindConfig layer(const std::string& kind, Json args = Json::object()) { return {kind, std::move(args), ""}; }
KindConfig embedding(int64_t dim) {
  return layer("embedding", {{"dim", dim}, {"initializer", nullptr}, {"trainable", true}});
}
KindConfig bag(int64_t dim, const char* mode) {
  return layer("embedding_bag",
               {{"dim", dim}, {"mode", mode}, {"initializer", nullptr}, {"trainable", true}});
}
[[maybe_unused]] KindConfig dropout(double rate) { return layer("dropout", {{"rate", rate}}); }
KindConfig pool(const char* kind, const char* padding) { return layer(kind, {{"padding", padding}}); }
KindConfig linear(int64_t units, bool bias = true) {
  return layer("linear",
               {{"units", units}, {"bias", bias}, {"initializer", nullptr}, {"bias_initializer", nullptr}});
}
KindConfig adam(double lr = 0.01, double decay = 0, const char* kind = "adam") {
  return layer(kind, {{"lr", lr},
                      {"beta1", 0.9},
                      {"beta2", 0.999},
                      {"eps", 1e-7},
                      {"weight_decay", decay},
                      {"amsgrad", false}});
}
KindConfig sgd(double momentum = 0, bool nesterov = false, double decay = 0, double dampening = 0) {
  return layer("sgd", {{"lr", 0.5},
                       {"momentum", momentum},
                       {"dampening", dampening},
                       {"weight_decay", decay},
                       {"nesterov", nesterov}});
}
KindConfig adagrad(double decay = 0) {
  return layer("adagrad", {{"lr", 0.05},
                           {"lr_decay", 0.01},
                           {"weight_decay", decay},
                           {"initial_accumulator_value", 0.1},
                           {"eps", 1e-10}});
}

constexpr int64_t kNumIds = 60;
constexpr int64_t kLength = 12;

/// 96 texts of 0 to kLength tokens; frequent and rare ids, targets of 0 and 1.
EncodedDataset make_data(int64_t num_labels, bool weighted) {
  Random random(7);
  EncodedDataset data;
  TokenRows rows;
  std::vector<std::string> origins;
  data.num_labels = num_labels;
  for (int i = 0; i < 96; ++i) {
    const uint64_t length = i == 5 ? 0 : random.below(kLength + 1);
    for (uint64_t t = 0; t < length; ++t) {
      const double u = random.uniform();
      rows.ids.push_back(static_cast<int32_t>(1 + u * u * (kNumIds - 1)));
    }
    rows.end_row();
    for (int64_t label = 0; label < num_labels; ++label) data.targets.push_back(random.below(2) == 1 ? 1 : 0);
    if (weighted) data.weights.push_back(static_cast<float>(0.5 + random.uniform()));
    origins.push_back("row " + std::to_string(i + 1));
  }
  data.rows = std::move(rows);
  data.origins = std::move(origins);
  return data;
}

[[maybe_unused]] std::vector<int32_t> row_of(const EncodedDataset& data, int64_t example) {
  std::vector<int32_t> room(static_cast<size_t>(data.rows.row_size(example)));
  const auto row = data.rows.row(example, room.data());
  return {row.begin(), row.end()};
}

struct Case {
  std::string name;
  std::vector<KindConfig> layers = {embedding(16), pool("mean_pool", "include"), linear(1)};
  KindConfig optimizer = adam();
  LossConfig loss = {};
  std::vector<double> pos_weight = {};
  int64_t num_labels = 1;
  bool weighted = false;
  std::optional<double> clip_norm = {};
  std::optional<double> clip_value = {};
  std::vector<std::string> no_decay = {};
  int64_t accumulate = 1;
};

[[maybe_unused]] void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

/// A case with its data, ready to make engines of.
class Bench {
 public:
  explicit Bench(const Case& c) : data(make_data(c.num_labels, c.weighted)) {
    config.text.sequence_length = kLength;
    config.model.layers = c.layers;
    config.loss = c.loss;
    config.optimizer.kind = c.optimizer;
    config.optimizer.clip_norm = c.clip_norm;
    config.optimizer.clip_value = c.clip_value;
    config.optimizer.no_decay = c.no_decay;
    config.training.batch_size = 8;
    config.training.accumulate = c.accumulate;
    pos_weight = c.pos_weight;
    plan = layers::plan_model(config.model, config.text, c.loss.mode, kNumIds, c.num_labels);
    loss = make_loss(c.loss, pos_weight, c.num_labels);
  }
  EngineParts parts() const { return {config, plan, data, *loss, pos_weight}; }
  std::unique_ptr<Step> reference() {
    return std::make_unique<ReferenceStep>(parts(), c10::Device(c10::kCPU));
  }
  std::unique_ptr<FusedStep> fused(const kernels::Kernels& kernels = *kernels::available_kernels().front()) {
    std::string reason;
    const auto fused = fused_plan(config, plan, reason);
    EXPECT_TRUE(fused.has_value()) << reason;
    return std::make_unique<FusedStep>(parts(), *fused, kernels);
  }
  std::unique_ptr<CudaFusedStep> on_card(const card::Functions& functions) {
    std::string reason;
    const auto fused = fused_plan(config, plan, reason);
    EXPECT_TRUE(fused.has_value()) << reason;
    return std::make_unique<CudaFusedStep>(parts(), *fused, functions, 0);
  }
  /// Updates `from` to `to`; the learning rate falls, so that replays must remember it.
  double train(Step& step, int64_t from, int64_t to) const {
    double loss_sum = 0;
    plan_updates(step, from, to, [&](const std::vector<PlannedUpdate>& updates) {
      for (const StepResult& result : step.update_all(updates)) loss_sum += result.loss_sum;
    });
    return loss_sum;
  }
  template <class Call>
  void plan_updates(const Step& step, int64_t from, int64_t to, const Call& call) const {
    const int64_t size = config.training.batch_size * config.training.accumulate;
    std::vector<std::vector<int64_t>> examples;
    std::vector<PlannedUpdate> updates;
    for (int64_t s = from; s < to; ++s) {
      examples.emplace_back();
      for (int64_t i = 0; i < size; ++i) examples.back().push_back((s * 29 + i * 5) % data.size());
      updates.push_back({examples.back(), s, step.base_lr() / (1 + 0.01 * static_cast<double>(s))});
    }
    call(updates);
  }

  EncodedDataset data;
  RunConfig config;
  std::vector<double> pos_weight;
  layers::ModelPlan plan;
  std::unique_ptr<Loss> loss;
};

void expect_same_bits(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_TRUE(at::equal(a[i].second, b[i].second)) << a[i].first;
  }
}

[[maybe_unused]] void expect_same_state(const Step& a, const Step& b) {
  expect_same_bits(a.evaluation_weights(), b.evaluation_weights());
  expect_same_bits(a.training_state(), b.training_state());
}

LossConfig loss_of(LossConfig::Mode mode, double smoothing = 0) {
  LossConfig loss;
  loss.mode = mode;
  loss.label_smoothing = smoothing;
  return loss;
}

[[maybe_unused]] std::vector<Case> cases() {
  using Mode = LossConfig::Mode;
  const std::vector<KindConfig> tutorial = {embedding(16), pool("mean_pool", "include"), linear(1)};
  const KindConfig gelu = layer("gelu", {{"approximate", "none"}}),
                   gelu_tanh = layer("gelu", {{"approximate", "tanh"}}),
                   leaky = layer("leaky_relu", {{"negative_slope", 0.1}});
  std::vector<Case> all;
  all.push_back({"tutorial"});
  all.push_back({"adam_l2", tutorial, adam(0.01, 0.01)});
  all.push_back({"adamw", tutorial, adam(0.01, 0.1, "adamw")});
  for (const double decay : {0.0, 0.01}) {
    Case near_one{decay == 0 ? "betas_near_one" : "betas_near_one_l2", tutorial, adam(0.01, decay)};
    near_one.optimizer.args["beta1"] = 0.99999;
    near_one.optimizer.args["beta2"] = 0.99999999;
    all.push_back(near_one);
  }
  all.push_back({"sgd", tutorial, sgd()});
  all.push_back({"sgd_decay", tutorial, sgd(0, false, 0.01)});
  all.push_back({"momentum", tutorial, sgd(0.9, false, 0.001, 0.5)});
  all.push_back({"nesterov", tutorial, sgd(0.9, true)});
  all.push_back({"adagrad", tutorial, adagrad()});
  all.push_back({"adagrad_decay", tutorial, adagrad(0.01)});
  all.push_back({"odd_dim_exclude", {embedding(5), pool("mean_pool", "exclude"), linear(1, false)}});
  all.push_back({"wide_sum", {embedding(37), pool("sum_pool", "exclude"), linear(1)}, sgd()});
  all.push_back({"sum_include", {embedding(16), pool("sum_pool", "include"), linear(1)}, adagrad()});
  all.push_back({"bag_mean", {bag(16, "mean"), linear(1)}});
  all.push_back({"bag_sum", {bag(20, "sum"), linear(1)}, adagrad()});
  all.push_back({"bag_of_logits", {bag(1, "mean")}});
  all.push_back({"hidden",
                 {embedding(8), pool("mean_pool", "exclude"), linear(6), layer("relu"), linear(20),
                  layer("tanh"), linear(4), gelu, linear(4), layer("sigmoid"), linear(3), layer("silu"),
                  linear(3), leaky, linear(3), gelu_tanh, linear(1)},
                 sgd()});
  for (const Mode mode : {Mode::kBceWithLogits, Mode::kSigmoidBce, Mode::kSigmoidBceClipped}) {
    Case c{"labels_weights_" + to_string(mode)};
    c.layers = {embedding(16), pool("mean_pool", "include"), linear(3)};
    c.loss = loss_of(mode, 0.1);
    c.pos_weight = {2.0, 0.5, 1.5};
    c.num_labels = 3;
    c.weighted = true;
    all.push_back(c);
  }
  Case focal{"focal"};
  focal.loss = loss_of(Mode::kFocalWithLogits);
  focal.loss.alpha = 0.3;
  focal.pos_weight = {2.0};
  all.push_back(focal);
  Case clipped{"clip_norm_accumulate"};
  clipped.clip_norm = 0.01;
  clipped.accumulate = 3;
  clipped.optimizer = sgd(0.9);
  all.push_back(clipped);
  Case both{"clip_both_no_decay", tutorial, adam(0.01, 0.1, "adamw")};
  both.clip_value = 0.005;
  both.clip_norm = 0.01;
  both.no_decay = {"bias", "embedding_0.weight"};
  all.push_back(both);
  return all;
}

}  // namespace
}  // namespace bernoulli

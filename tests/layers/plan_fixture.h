#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/load.h"
#include "core/error.h"
#include "layers/model_plan.h"

namespace bernoulli::testing {

inline void forget_places(std::vector<KindConfig>& layers) {
  for (KindConfig& layer : layers) {
    layer.where.clear();
    for (std::vector<KindConfig>& branch : layer.branches) forget_places(branch);
  }
}

/// The layers that `list`, a YAML list, means: with the defaults of every key, as a user gets them.
inline ModelConfig model(const std::string& list, const std::string& initializer = "keras") {
  const std::string yaml =
      "data: {train: {path: t.csv}, validation: {from: train, fraction: 0.1, method: random, seed: 1}}\n"
      "task: {kind: binary, positive: a}\n"
      "optimizer: {sgd: {lr: 1}}\n"
      "training: {epochs: 1}\n"
      "text: {sequence_length: 3}\n"  // the planner is given the length and the loss apart from this
      "loss: {mode: sigmoid_bce}\n"
      "model: {initializer: " +
      initializer + ", layers: " + list + "}\n";
  ModelConfig config = config::load_config_text(yaml, "test.yaml", layers::layer_schemas()).run.model;
  forget_places(config.layers);
  return config;
}

struct PlanOptions {
  std::optional<int64_t> sequence_length = std::nullopt;
  int64_t num_ids = 10;
  int64_t num_outputs = 1;
  LossConfig::Mode loss = LossConfig::Mode::kBceWithLogits;
  std::string initializer = "keras";
};

inline layers::ModelPlan plan(const std::string& list, const PlanOptions& options = {}) {
  TextConfig text;
  text.sequence_length = options.sequence_length;
  return layers::plan_model(model(list, options.initializer), text, options.loss, options.num_ids,
                            options.num_outputs);
}

/// What the planner refuses with; empty where it does not.
inline std::string plan_fault(const std::string& list, const PlanOptions& options = {}) {
  try {
    plan(list, options);
  } catch (const UsageError& error) {
    return fmt::format("{}", fmt::join(config::lines_of(error), "\n"));
  }
  return "";
}

}  // namespace bernoulli::testing

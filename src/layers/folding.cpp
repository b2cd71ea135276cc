#include "layers/folding.h"

#include <fmt/format.h>

#include "core/error.h"
#include "layers/pooled_table.h"

namespace bernoulli::layers {

std::string folding_fault(const ModelPlan& plan) {
  const PooledTable pooled = pooled_table(plan.layers);
  if (pooled.obstacle != nullptr) return fmt::format("the model has {}", pooled.fault());
  for (size_t i = pooled.num_layers; i < plan.layers.size(); ++i) {
    const NamedLayer& layer = plan.layers[i];
    if (layer.kind != "linear" && !layer.plan.training_only)
      return fmt::format("the model has {} behind the pool ({})", layer.kind, layer.name);
  }
  const int64_t dim = plan.layers.front().args.at("dim");
  if (plan.num_outputs > dim)
    return fmt::format("{} labels are more than the {} numbers of a token: the table would grow",
                       plan.num_outputs, dim);
  return "";
}

ModelPlan folded_plan(const ModelPlan& plan, const TextConfig& text) {
  if (const std::string fault = folding_fault(plan); !fault.empty()) throw InternalError(fault);
  const size_t num_layers = pooled_table(plan.layers).num_layers;
  ModelConfig model;
  for (size_t i = 0; i < num_layers; ++i) {
    const NamedLayer& layer = plan.layers[i];
    if (!layer.plan.training_only) model.layers.push_back({layer.kind, layer.args, ""});
  }
  Json& table = model.layers.front().args;
  const int64_t num_ids = plan.layers.front().plan.parameters.front().shape.front();
  table["dim"] = plan.num_outputs;
  table["initializer"] = nullptr;
  table["trainable"] = true;
  model.layers.push_back(
      {"linear",
       {{"units", plan.num_outputs}, {"bias", true}, {"initializer", nullptr}, {"bias_initializer", nullptr}},
       ""});
  return plan_model(model, text, LossConfig::Mode::kBceWithLogits, num_ids, plan.num_outputs);
}

}  // namespace bernoulli::layers

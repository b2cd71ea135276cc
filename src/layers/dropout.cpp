#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_dropout(const Json& args, const PlanContext& context) {
  LayerPlan layer = elementwise(
      context, fmt::format("return torch.dropout(x, {}, self.training)", literal(args.at("rate"))), nullptr);
  layer.training_only = true;
  return layer;
}

}  // namespace

LayerKind dropout() {
  return {{"dropout",
           "in training, sets each number to 0 with probability rate and divides the others by 1 - rate",
           {config::number("rate", "probability of a 0").at_least(0).below(1)},
           "rate",
           false},
          plan_dropout,
          false};
}

}  // namespace bernoulli::layers

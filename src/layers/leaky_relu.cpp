#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_leaky_relu(const Json& args, const PlanContext& context) {
  const double slope = args.at("negative_slope");
  LayerPlan layer = elementwise(context, fmt::format("return torch.leaky_relu(x, {})", literal(slope)),
                                onnx_operator("LeakyRelu", {{"alpha", static_cast<float>(slope)}}));
  layer.monotone = true;
  return layer;
}

}  // namespace

LayerKind leaky_relu() {
  return {{"leaky_relu",
           "x where positive, negative_slope * x elsewhere",
           {config::number("negative_slope", "slope below 0").at_least(0).float32().defaults(0.01)},
           "negative_slope",
           false},
          plan_leaky_relu,
          Values::kActivated};
}

}  // namespace bernoulli::layers

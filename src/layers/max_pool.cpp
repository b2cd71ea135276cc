#include <fmt/format.h>

#include "layers/pool.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_max_pool(const Json& args, const PlanContext& context) {
  const auto zero_if_empty = [](const char* highest) {
    return fmt::format("return {}.masked_fill((lengths == 0).unsqueeze(1), 0.0)", highest);
  };
  LayerPlan layer =
      plan_pool(args, context, {"return x.amax(1)", onnx_over_positions("ReduceMax")},
                {fmt::format("highest = x.masked_fill(real.logical_not(), {}).amax(1)\n", kLowestScript) +
                     zero_if_empty("highest"),
                 onnx_max_of_real});
  const bool include = counts_padding(args, context);
  layer.rest_of_pool = {include, include ? "return x" : zero_if_empty("x")};
  return layer;
}

}  // namespace

LayerKind max_pool() {
  return {{"max_pool",
           "largest value of each feature over positions; 0 for an empty text with padding: exclude",
           {padding_field("exclude")},
           "padding",
           false},
          plan_max_pool,
          Values::kPassedOn};
}

}  // namespace bernoulli::layers

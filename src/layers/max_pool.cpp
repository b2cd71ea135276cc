#include "layers/pool.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_max_pool(const Json& args, const PlanContext& context) {
  return plan_pool(args, context, {"return x.amax(1)", onnx_over_positions("ReduceMax")},
                   // The lowest number that bfloat16 holds too.
                   {"highest = x.masked_fill(real.logical_not(), -3.3895313892515355e+38).amax(1)\n"
                    "return highest.masked_fill((lengths == 0).unsqueeze(1), 0.0)",
                    onnx_max_of_real});
}

}  // namespace

LayerKind max_pool() {
  return {{"max_pool",
           "largest value of each feature over positions; 0 for an empty text with padding: exclude",
           {padding_field("exclude")},
           "padding",
           false},
          plan_max_pool,
          false};
}

}  // namespace bernoulli::layers

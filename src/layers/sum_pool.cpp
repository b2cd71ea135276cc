#include "layers/pool.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_sum_pool(const Json& args, const PlanContext& context) {
  return plan_pool(args, context, {"return x.sum(1)", onnx_over_positions("ReduceSum")},
                   {"return (x * real).sum(1)", onnx_sum_of_real});
}

}  // namespace

LayerKind sum_pool() {
  return {{"sum_pool",
           "sum over positions; 0 for an empty text with padding: exclude",
           {padding_field("exclude")},
           "padding",
           false},
          plan_sum_pool,
          Values::kPassedOn};
}

}  // namespace bernoulli::layers

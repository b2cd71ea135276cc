#include "layers/pool.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_mean_pool(const Json& args, const PlanContext& context) {
  return plan_pool(args, context, {"return x.mean(1)", onnx_over_positions("ReduceMean")},
                   {"return (x * real).sum(1) / lengths.clamp(1).unsqueeze(1)", onnx_mean_of_real});
}

}  // namespace

LayerKind mean_pool() {
  return {{"mean_pool",
           "mean over positions; 0 for an empty text with padding: exclude",
           {padding_field("exclude")},
           "padding",
           false},
          plan_mean_pool,
          Values::kPassedOn};
}

}  // namespace bernoulli::layers

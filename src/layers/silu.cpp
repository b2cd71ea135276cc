#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_silu(const Json& /*args*/, const PlanContext& context) {
  return elementwise(context, "return torch.silu(x)");
}

}  // namespace

LayerKind silu() { return {{"silu", "x * sigmoid(x)", {}, "", false}, plan_silu, true}; }

}  // namespace bernoulli::layers

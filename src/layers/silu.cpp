#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan(const Json& /*args*/, const PlanContext& context) {
  return elementwise(context, "return torch.silu(x)");
}

}  // namespace

LayerKind silu() { return {{"silu", "x * sigmoid(x)", {}, "", false}, plan, true}; }

}  // namespace bernoulli::layers

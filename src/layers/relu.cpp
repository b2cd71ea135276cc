#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan(const Json& /*args*/, const PlanContext& context) {
  return elementwise(context, "return torch.relu(x)");
}

}  // namespace

LayerKind relu() { return {{"relu", "max(x, 0)", {}, "", false}, plan, true}; }

}  // namespace bernoulli::layers

#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_tanh(const Json& /*args*/, const PlanContext& context) {
  return elementwise(context, "return torch.tanh(x)", onnx_operator("Tanh"));
}

}  // namespace

LayerKind tanh() { return {{"tanh", "hyperbolic tangent", {}, "", false}, plan_tanh, true}; }

}  // namespace bernoulli::layers

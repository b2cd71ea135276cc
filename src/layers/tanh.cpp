#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_tanh(const Json& /*args*/, const PlanContext& context) {
  LayerPlan layer = elementwise(context, "return torch.tanh(x)", onnx_operator("Tanh"));
  layer.monotone = true;
  return layer;
}

}  // namespace

LayerKind tanh() { return {{"tanh", "hyperbolic tangent", {}, "", false}, plan_tanh, Values::kActivated}; }

}  // namespace bernoulli::layers

#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_relu(const Json& /*args*/, const PlanContext& context) {
  LayerPlan layer = elementwise(context, "return torch.relu(x)", onnx_operator("Relu"));
  layer.monotone = true;
  return layer;
}

}  // namespace

LayerKind relu() { return {{"relu", "max(x, 0)", {}, "", false}, plan_relu, Values::kActivated}; }

}  // namespace bernoulli::layers

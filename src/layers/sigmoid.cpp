#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_sigmoid(const Json& /*args*/, const PlanContext& context) {
  LayerPlan layer = elementwise(context, "return torch.sigmoid(x)", onnx_operator("Sigmoid"));
  layer.monotone = true;
  return layer;
}

}  // namespace

LayerKind sigmoid() {
  return {{"sigmoid", "1 / (1 + exp(-x)); never at the end of a model that trains on logits", {}, "", false},
          plan_sigmoid,
          Values::kActivated};
}

}  // namespace bernoulli::layers

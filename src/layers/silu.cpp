#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_silu(const Json& /*args*/, const PlanContext& context) {
  return elementwise(context, "return torch.silu(x)", [](OnnxGraph& graph, const std::string& x) {
    return graph.add("Mul", {x, graph.add("Sigmoid", {x})});
  });
}

}  // namespace

LayerKind silu() { return {{"silu", "x * sigmoid(x)", {}, "", false}, plan_silu, Values::kActivated}; }

}  // namespace bernoulli::layers

#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

/// erf(x / sqrt(2)), by which the normal distribution function is (1 + erf) / 2.
std::string onnx_erf(OnnxGraph& graph, const std::string& x) {
  return graph.add("Erf", {graph.add("Mul", {x, graph.constant(0.70710678118f)})});
}

/// Its approximation tanh(sqrt(2 / pi) * (x + 0.044715 x^3)).
std::string onnx_tanh(OnnxGraph& graph, const std::string& x) {
  const std::string square = graph.add("Mul", {x, x});
  const std::string factor =
      graph.add("Add", {graph.add("Mul", {square, graph.constant(0.044715f)}), graph.constant(1.0f)});
  const std::string scaled = graph.add("Mul", {x, graph.constant(0.7978845608f)});
  return graph.add("Tanh", {graph.add("Mul", {scaled, factor})});
}

LayerPlan plan_gelu(const Json& args, const PlanContext& context) {
  const std::string approximate = args.at("approximate");
  return elementwise(context, fmt::format("return torch.gelu(x, approximate='{}')", approximate),
                     [approximate](OnnxGraph& graph, const std::string& x) {
                       const std::string bend =
                           approximate == "tanh" ? onnx_tanh(graph, x) : onnx_erf(graph, x);
                       const std::string half = graph.add("Mul", {x, graph.constant(0.5f)});
                       return graph.add("Mul", {half, graph.add("Add", {bend, graph.constant(1.0f)})});
                     });
}

}  // namespace

LayerKind gelu() {
  return {{"gelu",
           "x times the normal distribution function of x",
           {config::word("approximate", "none: by erf; tanh: by tanh", {"none", "tanh"}).defaults("none")},
           "approximate",
           false},
          plan_gelu,
          Values::kActivated};
}

}  // namespace bernoulli::layers

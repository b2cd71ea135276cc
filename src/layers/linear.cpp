#include <optional>

#include "layers/initializer_kinds.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_linear(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kVector, Layout::kSequence});
  const int64_t in = context.input.features;
  const int64_t units = args.at("units");
  LayerPlan layer;
  layer.output = context.input;
  layer.output.features = units;
  layer.parameters.push_back({"weight", {units, in}, weight_start(args, context, in, units)});
  const std::optional<Initializer> bias = bias_start(args, context, in, units);
  if (bias) layer.parameters.push_back({"bias", {units}, *bias});
  layer.script =
      bias ? "return torch.linear(x, self.weight, self.bias)" : "return torch.linear(x, self.weight)";
  layer.onnx = [has_bias = bias.has_value()](OnnxGraph& graph, const std::string& x) {
    const std::string weight =
        graph.add("Transpose", {graph.parameter("weight")}, {{"perm", std::vector<int64_t>{1, 0}}});
    const std::string product = graph.add("MatMul", {x, weight});
    return has_bias ? graph.add("Add", {product, graph.parameter("bias")}) : product;
  };
  return layer;
}

}  // namespace

LayerKind linear() {
  return {{"linear",
           "weighted sums of the features plus a bias (torch.nn.Linear)",
           {config::integer("units", "numbers out").at_least(1).at_most(1048576),
            config::boolean("bias", "add a bias").defaults(true),
            initializer_field("initializer", "of the weight; keras: glorot_uniform; torch: torch_linear"),
            label_bias_field("of the bias; keras: zeros; torch: torch_linear")},
           "units",
           false},
          plan_linear};
}

}  // namespace bernoulli::layers

#include "layers/pool.h"

#include <limits>

#include "config/field_builder.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {

config::FieldSchema padding_field(const std::string& default_value) {
  return config::word("padding", "include: padding positions count like tokens; exclude: real tokens only",
                      {"include", "exclude"})
      .defaults(default_value);
}

bool counts_padding(const Json& args, const PlanContext& context) {
  if (args.at("padding") == "exclude") return false;
  if (!context.input.length)
    throw ShapeError{"padding: include depends on how far a text is padded: set text.sequence_length"};
  return true;
}

LayerPlan plan_pool(const Json& args, const PlanContext& context, const PoolBody& include,
                    const PoolBody& exclude) {
  require_layout(context, {Layout::kSequence});
  const Shape output{Layout::kVector, context.input.features, std::nullopt};
  if (counts_padding(args, context)) return {output, {}, include.script, include.onnx};
  return {output, {}, kRealScript + exclude.script, exclude.onnx};
}

std::string onnx_real_or(OnnxGraph& graph, const std::string& x, float value) {
  return graph.add("Where", {graph.real(), x, graph.constant(value)});
}

std::string onnx_zero_if_empty(OnnxGraph& graph, const std::string& x) {
  const std::string has_tokens = graph.add("Greater", {graph.num_real(), graph.constant(0.0f)});
  return graph.add("Where", {has_tokens, x, graph.constant(0.0f)});
}

std::string onnx_sum_of_real(OnnxGraph& graph, const std::string& x) {
  return graph.over_positions("ReduceSum", onnx_real_or(graph, x, 0));
}

std::string onnx_mean_of_real(OnnxGraph& graph, const std::string& x) {
  const std::string sum = onnx_sum_of_real(graph, x);
  return graph.add("Div", {sum, graph.add("Max", {graph.num_real(), graph.constant(1.0f)})});
}

std::string onnx_max_of_real(OnnxGraph& graph, const std::string& x) {
  return onnx_zero_if_empty(
      graph, graph.over_positions("ReduceMax", onnx_real_or(graph, x, std::numeric_limits<float>::lowest())));
}

OnnxWriter onnx_over_positions(const std::string& reduction) {
  return [reduction](OnnxGraph& graph, const std::string& x) { return graph.over_positions(reduction, x); };
}

}  // namespace bernoulli::layers

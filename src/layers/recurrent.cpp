#include "layers/recurrent.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/initializer_kinds.h"
#include "layers/pool.h"
#include "layers/shape_rules.h"

namespace bernoulli::layers {
namespace {

/// What a layer of some size is, decided.
struct Recurrent {
  RecurrentCell cell;
  int64_t units = 0;
  bool bidirectional = false;
  bool last = false;  ///< only the state behind the last token

  int64_t num_gates() const { return static_cast<int64_t>(cell.onnx_gates.size()); }
  std::vector<std::string> suffixes() const {
    return bidirectional ? std::vector<std::string>{"", "_reverse"} : std::vector<std::string>{""};
  }
};

/// Null: all 0.
std::shared_ptr<const GivenNumbers> keras_bias(const Recurrent& layer) {
  if (layer.cell.keras_bias.empty()) return nullptr;
  GivenNumbers bias{layer.num_gates() * layer.units, {}, {}};
  for (const float value : layer.cell.keras_bias)
    bias.values.insert(bias.values.end(), static_cast<size_t>(layer.units), value);
  return std::make_shared<const GivenNumbers>(std::move(bias));
}

void add_parameters(const Recurrent& layer, const PlanContext& context, const std::string& suffix,
                    std::vector<ParameterSpec>& parameters) {
  const int64_t rows = layer.num_gates() * layer.units, in = context.input.features;
  const bool keras = context.initializer == "keras";
  const Initializer torch = torch_linear(layer.units);  // torch draws all four alike
  const Initializer orthogonal{Initializer::Kind::kOrthogonal, 0, 0};
  parameters.push_back({"weight_ih" + suffix, {rows, in}, keras ? glorot_uniform(in, rows) : torch});
  parameters.push_back({"weight_hh" + suffix, {rows, layer.units}, keras ? orthogonal : torch});
  parameters.push_back(
      {"bias_ih" + suffix, {rows}, keras ? Initializer{} : torch, true, keras ? keras_bias(layer) : nullptr});
  parameters.push_back({"bias_hh" + suffix, {rows}, keras ? Initializer{} : torch});
}

/// @param x  TorchScript of [B, T, D]
std::string run_script(const Recurrent& layer, const std::string& x, const std::string& suffix) {
  return fmt::format(
      "torch.{0}({1}, {2}, [self.weight_ih{3}, self.weight_hh{3}, self.bias_ih{3}, self.bias_hh{3}], True, "
      "1, 0.0, self.training, False, True)[0]",
      layer.cell.op, x, layer.cell.state, suffix);
}

/// The way back reads each text from its own last token: positions are turned round below the length of a
/// text.
std::string recurrent_script(const Recurrent& layer) {
  std::string script = kRealScript;
  script +=
      fmt::format("zeros = torch.zeros([1, x.size(0), {}], dtype=x.dtype, device=x.device)\n", layer.units);
  script += "states = [" + run_script(layer, "x", "") + "]\n";
  if (layer.bidirectional) {
    script +=
        "turned = torch.where(real.squeeze(2), lengths.unsqueeze(1) - 1 - positions, "
        "positions).unsqueeze(2)\n"
        "back = x.gather(1, turned.expand([-1, -1, x.size(2)]))\n";
    const std::string back = run_script(layer, "back", "_reverse");
    script += layer.last ? "states.append(" + back + ")\n"
                         : fmt::format("states.append({}.gather(1, turned.expand([-1, -1, {}])))\n", back,
                                       layer.units);
  }
  script += "y = torch.cat(states, 2)\n";
  if (!layer.last) return script + "return y * real";
  return script +
         "last = (lengths.clamp(1) - 1).unsqueeze(1).unsqueeze(2).expand([-1, 1, y.size(2)])\n"
         "return y.gather(1, last).squeeze(1) * (lengths > 0).unsqueeze(1)";
}

/// By the operators of model/operators.h, which pass over padding.
std::string training_script(const Recurrent& layer) {
  std::string states;
  for (const std::string& suffix : layer.suffixes()) {
    states += fmt::format(
        "{0}bernoulli.{1}(x, lengths, self.weight_ih{2}, self.weight_hh{2}, self.bias_ih{2}, "
        "self.bias_hh{2}, {3}, {4})",
        states.empty() ? "" : ", ", layer.cell.op, suffix, suffix.empty() ? "False" : "True",
        layer.last ? "True" : "False");
  }
  return "return torch.cat([" + states + "], -1)";
}

/// Rows of a parameter with its gates in ONNX's order.
std::vector<int64_t> onnx_rows(const Recurrent& layer) {
  std::vector<int64_t> rows;
  for (const int64_t gate : layer.cell.onnx_gates) {
    for (int64_t unit = 0; unit < layer.units; ++unit) rows.push_back(gate * layer.units + unit);
  }
  return rows;
}

std::string onnx_concat(OnnxGraph& graph, const std::vector<std::string>& parts) {
  return parts.size() == 1 ? parts[0] : graph.add("Concat", parts, {{"axis", int64_t{0}}});
}

/// The operator's inputs behind x: W, R and B of all directions, and the lengths [N] int32.
std::vector<std::string> onnx_inputs(const Recurrent& layer, OnnxGraph& graph) {
  const std::string rows = graph.constant(onnx_rows(layer)), first = graph.constant(std::vector<int64_t>{0});
  const auto ordered = [&](const std::string& name) {
    return graph.add("Gather", {graph.parameter(name), rows});
  };
  const auto one_direction = [&](const std::string& x) { return graph.add("Unsqueeze", {x, first}); };
  std::vector<std::string> weight_ih, weight_hh, bias;
  for (const std::string& suffix : layer.suffixes()) {
    weight_ih.push_back(one_direction(ordered("weight_ih" + suffix)));
    weight_hh.push_back(one_direction(ordered("weight_hh" + suffix)));
    bias.push_back(
        one_direction(onnx_concat(graph, {ordered("bias_ih" + suffix), ordered("bias_hh" + suffix)})));
  }
  const std::string lengths =
      graph.add("Reshape", {graph.num_real(), graph.constant(std::vector<int64_t>{-1})});
  return {onnx_concat(graph, weight_ih), onnx_concat(graph, weight_hh), onnx_concat(graph, bias),
          graph.add("Cast", {lengths}, {{"to", kOnnxInt32}})};
}

std::string recurrent_onnx(const Recurrent& layer, OnnxGraph& graph, const std::string& x) {
  const auto turned = [&](const std::string& from, std::vector<int64_t> perm) {
    return graph.add("Transpose", {from}, {{"perm", std::move(perm)}});
  };
  std::vector<std::string> inputs = onnx_inputs(layer, graph);
  inputs.insert(inputs.begin(), turned(x, {1, 0, 2}));
  std::vector<OnnxAttribute> attributes = layer.cell.onnx_attributes;
  attributes.push_back({"hidden_size", layer.units});
  attributes.push_back({"direction", std::string(layer.bidirectional ? "bidirectional" : "forward")});
  if (layer.last) {
    const std::string states = graph.add(layer.cell.onnx_op, inputs, attributes, /*output_index=*/1);
    const std::string joined =
        graph.add("Reshape", {turned(states, {1, 0, 2}), graph.constant(std::vector<int64_t>{0, -1})});
    return onnx_zero_if_empty(graph, joined);
  }
  const std::string states = graph.add(layer.cell.onnx_op, inputs, attributes);
  const std::string joined =
      graph.add("Reshape", {turned(states, {2, 0, 1, 3}), graph.constant(std::vector<int64_t>{0, 0, -1})});
  return onnx_real_or(graph, joined, 0);
}

}  // namespace

std::vector<config::FieldSchema> recurrent_fields() {
  return {config::integer("units", "numbers of the state").at_least(1).at_most(8192),
          config::boolean("bidirectional",
                          "a second one reads each text from its end; the states stand side by side")
              .defaults(false),
          config::word("output", "sequence: the state behind each token; last: that behind the last one read",
                       {"sequence", "last"})
              .defaults("sequence")};
}

LayerPlan plan_recurrent(const RecurrentCell& cell, const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kSequence});
  const Recurrent layer{cell, args.at("units"), args.at("bidirectional"), args.at("output") == "last"};
  LayerPlan plan;
  plan.output = context.input;
  plan.output.features = layer.units * static_cast<int64_t>(layer.suffixes().size());
  if (layer.last) plan.output = {Layout::kVector, plan.output.features, std::nullopt};
  for (const std::string& suffix : layer.suffixes()) add_parameters(layer, context, suffix, plan.parameters);
  plan.script = recurrent_script(layer);
  plan.training_script = training_script(layer);
  plan.onnx = [layer](OnnxGraph& graph, const std::string& x) { return recurrent_onnx(layer, graph, x); };
  return plan;
}

}  // namespace bernoulli::layers

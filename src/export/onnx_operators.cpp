#include "export/onnx_operators.h"

#include <map>
#include <variant>

#include <fmt/format.h>

#include <ATen/ops/add.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/div.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>

#include "core/error.h"

namespace bernoulli {
namespace {

using layers::OnnxNode;
using Inputs = std::vector<at::Tensor>;

/// The attribute, which the exporter always writes. @throws ArtifactError where it is absent or of another
/// type
template <class Value>
Value attribute(const OnnxNode& node, const std::string& name) {
  for (const layers::OnnxAttribute& each : node.attributes) {
    if (each.name == name && std::holds_alternative<Value>(each.value)) return std::get<Value>(each.value);
  }
  throw ArtifactError(fmt::format("it lacks the attribute '{}'", name));
}

std::vector<int64_t> integers(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<int64_t>(), tensor.const_data_ptr<int64_t>() + tensor.numel()};
}

bool keeps_dimensions(const OnnxNode& node) { return attribute<int64_t>(node, "keepdims") != 0; }

at::Tensor cast(const OnnxNode& node, const Inputs& in) {
  if (const auto to = attribute<int64_t>(node, "to"); to != 1)
    throw ArtifactError(fmt::format("it casts to type {}, expected 1 (float32)", to));
  return in[0].to(at::kFloat);
}

at::Tensor unsqueeze(const OnnxNode& /*node*/, const Inputs& in) {
  at::Tensor result = in[0];
  for (const int64_t axis : integers(in[1])) result = result.unsqueeze(axis);
  return result;
}

at::Tensor layer_normalization(const OnnxNode& node, const Inputs& in) {
  return at::layer_norm(in[0], in[1].sizes(), in[1], in[2], double{attribute<float>(node, "epsilon")});
}

at::Tensor batch_normalization(const OnnxNode& node, const Inputs& in) {
  return at::batch_norm(in[0], in[1], in[2], in[3], in[4], /*training=*/false, /*momentum=*/0,
                        double{attribute<float>(node, "epsilon")}, /*cudnn_enabled=*/false);
}

struct Operator {
  size_t num_inputs;
  at::Tensor (*run)(const OnnxNode& node, const Inputs& in);
};

const std::map<std::string, Operator>& operators() {
  using N = const OnnxNode&;
  using I = const Inputs&;
  static const std::map<std::string, Operator> all = {
      {"Add", {2, [](N, I in) { return at::add(in[0], in[1]); }}},
      {"BatchNormalization", {5, batch_normalization}},
      {"Cast", {1, cast}},
      {"Div", {2, [](N, I in) { return at::div(in[0], in[1]); }}},
      {"Equal", {2, [](N, I in) { return at::eq(in[0], in[1]); }}},
      {"Erf", {1, [](N, I in) { return at::erf(in[0]); }}},
      {"Gather", {2, [](N, I in) { return at::embedding(in[0], in[1]); }}},
      {"Greater", {2, [](N, I in) { return at::gt(in[0], in[1]); }}},
      {"Identity", {1, [](N, I in) { return in[0]; }}},
      {"LayerNormalization", {3, layer_normalization}},
      {"LeakyRelu",
       {1, [](N node, I in) { return at::leaky_relu(in[0], double{attribute<float>(node, "alpha")}); }}},
      {"MatMul", {2, [](N, I in) { return at::matmul(in[0], in[1]); }}},
      {"Max", {2, [](N, I in) { return at::maximum(in[0], in[1]); }}},
      {"Mul", {2, [](N, I in) { return at::mul(in[0], in[1]); }}},
      {"Not", {1, [](N, I in) { return at::logical_not(in[0]); }}},
      {"ReduceMax",
       {2, [](N node, I in) { return at::amax(in[0], integers(in[1]), keeps_dimensions(node)); }}},
      {"ReduceMean",
       {2, [](N node, I in) { return at::mean(in[0], integers(in[1]), keeps_dimensions(node)); }}},
      {"ReduceSum",
       {2, [](N node, I in) { return at::sum(in[0], integers(in[1]), keeps_dimensions(node)); }}},
      {"Relu", {1, [](N, I in) { return at::relu(in[0]); }}},
      {"Sigmoid", {1, [](N, I in) { return at::sigmoid(in[0]); }}},
      {"Tanh", {1, [](N, I in) { return at::tanh(in[0]); }}},
      {"Transpose",
       {1, [](N node, I in) { return in[0].permute(attribute<std::vector<int64_t>>(node, "perm")); }}},
      {"Unsqueeze", {2, unsqueeze}},
      {"Where", {3, [](N, I in) { return at::where(in[0], in[1], in[2]); }}}};
  return all;
}

}  // namespace

at::Tensor run_onnx_node(const OnnxNode& node, const std::vector<at::Tensor>& inputs) {
  const auto found = operators().find(node.op);
  if (found == operators().end())
    throw ArtifactError(fmt::format("the exporter writes no operator '{}'", node.op));
  if (inputs.size() != found->second.num_inputs)
    throw ArtifactError(
        fmt::format("it has {} inputs, expected {}", inputs.size(), found->second.num_inputs));
  return found->second.run(node, inputs);
}

}  // namespace bernoulli

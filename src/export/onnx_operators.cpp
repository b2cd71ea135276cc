#include "export/onnx_operators.h"

#include <map>
#include <optional>

#include <fmt/format.h>

#include <ATen/ops/add.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/div.h>
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
#include <ATen/ops/softmax.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>

#include "core/error.h"
#include "export/onnx_attribute.h"
#include "export/onnx_recurrent.h"

namespace bernoulli {
namespace {

using layers::OnnxNode;
using Inputs = std::vector<at::Tensor>;

std::vector<int64_t> integers(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<int64_t>(), tensor.const_data_ptr<int64_t>() + tensor.numel()};
}

bool keeps_dimensions(const OnnxNode& node) { return onnx_attribute<int64_t>(node, "keepdims") != 0; }

at::Tensor cast(const OnnxNode& node, const Inputs& in) {
  const auto to = onnx_attribute<int64_t>(node, "to");
  if (to == layers::kOnnxInt32) return in[0].to(at::kInt);
  if (to != layers::kOnnxFloat)
    throw ArtifactError(fmt::format("it casts to type {}, expected {} (float32) or {} (int32)", to,
                                    layers::kOnnxFloat, layers::kOnnxInt32));
  return in[0].scalar_type() == at::kDouble ? in[0] : in[0].to(at::kFloat);  // kDouble: in_float64
}

/// The product is float32, whatever it is then computed with.
at::Tensor dequantize(const OnnxNode& node, const Inputs& in) {
  const bool of_row = onnx_attribute<int64_t>(node, "axis") == 0;
  const at::Tensor scale = in[1].to(at::kFloat).unsqueeze(of_row ? 1 : 0);
  return at::mul(in[0].to(at::kFloat), scale).to(in[1].scalar_type());
}

/// Along the first axis.
at::Tensor gather(const OnnxNode& /*node*/, const Inputs& in) {
  std::vector<int64_t> shape = in[1].sizes().vec();
  shape.insert(shape.end(), in[0].sizes().begin() + 1, in[0].sizes().end());
  return in[0].index_select(0, in[1].reshape({-1})).reshape(shape);
}

/// A 0 in the shape stands for the length of that axis.
at::Tensor reshape(const OnnxNode& /*node*/, const Inputs& in) {
  std::vector<int64_t> shape = integers(in[1]);
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 0) shape[axis] = in[0].size(static_cast<int64_t>(axis));
  }
  return in[0].reshape(shape);
}

at::Tensor convolution(const OnnxNode& node, const Inputs& in) {
  const at::Tensor padded = at::constant_pad_nd(in[0], onnx_attribute<std::vector<int64_t>>(node, "pads"));
  const auto bias = in.size() == 3 ? std::optional(in[2]) : std::nullopt;
  return at::conv1d(padded, in[1], bias, at::IntArrayRef{1}, at::IntArrayRef{0},
                    onnx_attribute<std::vector<int64_t>>(node, "dilations"));
}

at::Tensor unsqueeze(const OnnxNode& /*node*/, const Inputs& in) {
  at::Tensor result = in[0];
  for (const int64_t axis : integers(in[1])) result = result.unsqueeze(axis);
  return result;
}

at::Tensor layer_normalization(const OnnxNode& node, const Inputs& in) {
  return at::layer_norm(in[0], in[1].sizes(), in[1], in[2], double{onnx_attribute<float>(node, "epsilon")});
}

at::Tensor batch_normalization(const OnnxNode& node, const Inputs& in) {
  return at::batch_norm(in[0], in[1], in[2], in[3], in[4], /*training=*/false, /*momentum=*/0,
                        double{onnx_attribute<float>(node, "epsilon")}, /*cudnn_enabled=*/false);
}

struct Operator {
  size_t num_inputs;
  at::Tensor (*run)(const OnnxNode& node, const Inputs& in);
  bool last_is_optional = false;
  bool takes_more = false;
};

const std::map<std::string, Operator>& operators() {
  using N = const OnnxNode&;
  using I = const Inputs&;
  static const std::map<std::string, Operator> all = {
      {"Add", {2, [](N, I in) { return at::add(in[0], in[1]); }}},
      {"BatchNormalization", {5, batch_normalization}},
      {"Cast", {1, cast}},
      {"Concat",
       {2, [](N node, I in) { return at::cat(in, onnx_attribute<int64_t>(node, "axis")); },
        /*last_is_optional=*/false, /*takes_more=*/true}},
      {"Conv", {3, convolution, /*last_is_optional=*/true}},
      {"DequantizeLinear", {2, dequantize}},
      {"Div", {2, [](N, I in) { return at::div(in[0], in[1]); }}},
      {"Equal", {2, [](N, I in) { return at::eq(in[0], in[1]); }}},
      {"Erf", {1, [](N, I in) { return at::erf(in[0]); }}},
      {"GRU", {5, run_onnx_gru}},
      {"Gather", {2, gather}},
      {"Greater", {2, [](N, I in) { return at::gt(in[0], in[1]); }}},
      {"Identity", {1, [](N, I in) { return in[0]; }}},
      {"LSTM", {5, run_onnx_lstm}},
      {"LayerNormalization", {3, layer_normalization}},
      {"LeakyRelu",
       {1, [](N node, I in) { return at::leaky_relu(in[0], double{onnx_attribute<float>(node, "alpha")}); }}},
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
      {"Reshape", {2, reshape}},
      {"Sigmoid", {1, [](N, I in) { return at::sigmoid(in[0]); }}},
      {"Softmax",
       {1, [](N node, I in) { return at::softmax(in[0], onnx_attribute<int64_t>(node, "axis")); }}},
      {"Tanh", {1, [](N, I in) { return at::tanh(in[0]); }}},
      {"Transpose",
       {1, [](N node, I in) { return in[0].permute(onnx_attribute<std::vector<int64_t>>(node, "perm")); }}},
      {"Unsqueeze", {2, unsqueeze}},
      {"Where", {3, [](N, I in) { return at::where(in[0], in[1], in[2]); }}}};
  return all;
}

}  // namespace

at::Tensor run_onnx_node(const OnnxNode& node, const std::vector<at::Tensor>& inputs) {
  const auto found = operators().find(node.op);
  if (found == operators().end())
    throw ArtifactError(fmt::format("the exporter writes no operator '{}'", node.op));
  const auto& [num_inputs, run, last_is_optional, takes_more] = found->second;
  const bool fits = inputs.size() == num_inputs || (last_is_optional && inputs.size() + 1 == num_inputs) ||
                    (takes_more && inputs.size() > num_inputs);
  if (!fits) throw ArtifactError(fmt::format("it has {} inputs, expected {}", inputs.size(), num_inputs));
  return run(node, inputs);
}

}  // namespace bernoulli

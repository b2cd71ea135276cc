#include "layers/onnx_graph.h"

#include <utility>

#include <fmt/format.h>

namespace bernoulli::layers {

std::string OnnxGraph::add(const std::string& op, std::vector<std::string> inputs,
                           std::vector<OnnxAttribute> attributes, int64_t output_index) {
  std::string output = fmt::format("{}/{}_{}", layer_, op, nodes_.size());
  add({op, std::move(inputs), output, std::move(attributes), output_index});
  return output;
}

std::string OnnxGraph::over_positions(const std::string& reduction, const std::string& x) {
  return add(reduction, {x, constant(std::vector<int64_t>{1})}, {{"keepdims", int64_t{0}}});
}

std::string OnnxGraph::new_constant(OnnxConstant constant) {
  constant.name = fmt::format("{}/constant_{}", layer_, constants_.size());
  return constants_.emplace_back(std::move(constant)).name;
}

std::string OnnxGraph::floats(std::vector<float> values) { return new_constant({"", std::move(values)}); }

std::string OnnxGraph::constant(std::vector<int64_t> values) { return new_constant({"", std::move(values)}); }

std::string OnnxGraph::real() {
  if (real_.empty()) {
    const std::string padding = add("Equal", {kOnnxIds, constant(std::vector<int64_t>{0})});
    real_ = add("Unsqueeze", {add("Not", {padding}), constant(std::vector<int64_t>{2})});
  }
  return real_;
}

std::string OnnxGraph::num_real() {
  if (num_real_.empty()) num_real_ = over_positions("ReduceSum", add("Cast", {real()}, {{"to", kOnnxFloat}}));
  return num_real_;
}

OnnxWriter onnx_operator(const std::string& op, std::vector<OnnxAttribute> attributes) {
  return [op, attributes = std::move(attributes)](OnnxGraph& graph, const std::string& x) {
    return graph.add(op, {x}, attributes);
  };
}

}  // namespace bernoulli::layers

#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "layers/onnx_graph.h"

namespace bernoulli {

/// What one ONNX node computes, by LibTorch's operators: those operators that layers/ and the exporter write,
/// as onnx.ai defines them for kOnnxOpset.
/// @param inputs  of the node, in order.
/// @throws ArtifactError for another operator, attribute or number of inputs; c10::Error for shapes that do
/// not fit.
at::Tensor run_onnx_node(const layers::OnnxNode& node, const std::vector<at::Tensor>& inputs);

}  // namespace bernoulli

#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "layers/onnx_graph.h"

namespace bernoulli {

/// ONNX's GRU and LSTM, position by position as onnx.ai writes them down, and not by LibTorch's functions of
/// those names, which the trainer uses.
/// @param inputs  X [T, N, D], W [directions, gates * H, D], R [directions, gates * H, H], B [directions, 2 *
/// gates * H], lengths [N] int32.
/// @return output 0 [T, directions, N, H], 0 behind the end of a text, or output 1 [directions, N, H].
/// @throws ArtifactError for another attribute.
at::Tensor run_onnx_gru(const layers::OnnxNode& node, const std::vector<at::Tensor>& inputs);
at::Tensor run_onnx_lstm(const layers::OnnxNode& node, const std::vector<at::Tensor>& inputs);

}  // namespace bernoulli

#pragma once

#include <string>

#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// The key `padding` of the layers that look across positions.
config::FieldSchema padding_field(const std::string& default_value);

/// Whether `padding` is include. @throws ShapeError where it is and no length is fixed.
bool counts_padding(const Json& args, const PlanContext& context);

/// What a pool does under one value of `padding`.
struct PoolBody {
  std::string script;  ///< TorchScript
  OnnxWriter onnx;
};

/// [B, T, D] to [B, D]. `include` and `exclude` are the bodies for the two values of `padding`; the script of
/// the second finds `real` [B, T, 1] bool: true where a position is below the length of its text.
LayerPlan plan_pool(const Json& args, const PlanContext& context, const PoolBody& include,
                    const PoolBody& exclude);

/// ONNX nodes: `x` [N, T, D], with `value` where there is padding.
std::string onnx_real_or(OnnxGraph& graph, const std::string& x, float value);
/// ONNX nodes: `x` [N, D], 0 for a text without tokens.
std::string onnx_zero_if_empty(OnnxGraph& graph, const std::string& x);
/// ONNX nodes from rows [N, T, D] to [N, D], over the real tokens of each text; 0 for a text without any.
std::string onnx_sum_of_real(OnnxGraph& graph, const std::string& x);
std::string onnx_mean_of_real(OnnxGraph& graph, const std::string& x);
std::string onnx_max_of_real(OnnxGraph& graph, const std::string& x);
/// ONNX nodes of a reduction over all positions.
OnnxWriter onnx_over_positions(const std::string& reduction);

}  // namespace bernoulli::layers

#pragma once

#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// The table [num_ids, dim] that embedding and embedding_bag share.
ParameterSpec embedding_table(const Json& args, const PlanContext& context);

/// The key `trainable` of both.
config::FieldSchema trainable_field();

/// The rows [N, T, D] of that table, as ONNX nodes.
std::string onnx_embedding(OnnxGraph& graph, const std::string& ids);

}  // namespace bernoulli::layers

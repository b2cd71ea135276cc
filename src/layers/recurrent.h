#pragma once

#include <cstdint>
#include <vector>

#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// What one kind of recurrent layer has of its own; all else is plan_recurrent's.
struct RecurrentCell {
  const char* op;     ///< "gru": the function of torch
  const char* state;  ///< what that is given for the state before the first token, from `zeros` [1, B, units]
  const char* onnx_op;
  std::vector<int64_t> onnx_gates;             ///< torch's gate at each place of ONNX's order
  std::vector<OnnxAttribute> onnx_attributes;  ///< beside hidden_size and direction
  std::vector<float> keras_bias;               ///< a gate each, in torch's order; empty: 0
};

/// The keys of every recurrent layer.
std::vector<config::FieldSchema> recurrent_fields();

/// [B, T, D] to [B, T, units] or, with `output: last`, [B, units]; twice the units where it is bidirectional.
/// Parameters as torch names them, without the number of the layer: weight_ih [gates * units, D], weight_hh
/// [gates * units, units], bias_ih and bias_hh [gates * units], and the same with _reverse. The state passes
/// over real tokens only: behind the end of a text the output is 0, and so is all of an empty text's.
LayerPlan plan_recurrent(const RecurrentCell& cell, const Json& args, const PlanContext& context);

}  // namespace bernoulli::layers

#pragma once

#include <string>
#include <vector>

#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// Throws ShapeError unless the input has one of the layouts.
void require_layout(const PlanContext& context, const std::vector<Layout>& allowed);

/// A layer that changes values only: same shape, no parameters.
LayerPlan elementwise(const PlanContext& context, std::string script, OnnxWriter onnx);

/// TorchScript lines that find `real` [B, T, 1] bool, true where a position is below the length of its text,
/// and `positions` [T].
extern const char* const kRealScript;

/// The lowest number that bfloat16 holds too, as TorchScript text: below every feature.
extern const char* const kLowestScript;

/// A weight as TorchScript text: the shortest decimal that reads back as the same double.
std::string literal(double value);

}  // namespace bernoulli::layers

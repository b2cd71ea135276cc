#pragma once

#include <string>

#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// The key `padding` of the pools.
config::FieldSchema padding_field(const std::string& default_value);

/// [B, T, D] to [B, D]. `include` and `exclude` are the TorchScript bodies for the two values of `padding`;
/// the second finds `real` [B, T, 1] bool: true where a position is below the length of its text.
LayerPlan plan_pool(const Json& args, const PlanContext& context, const std::string& include,
                    const std::string& exclude);

}  // namespace bernoulli::layers

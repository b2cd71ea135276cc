#pragma once

#include <string>

#include "layers/model_plan.h"

namespace bernoulli::layers {

/// Why the linear layers of a plan cannot be multiplied into its table; empty: they can, and the logits are a
/// mean or a sum of one number a token and label.
std::string folding_fault(const ModelPlan& plan);

/// The same function with a table of num_outputs columns: that table, the pool, and a linear layer that adds
/// a bias to each label (its weight is the unit matrix). @param plan  without folding_fault
ModelPlan folded_plan(const ModelPlan& plan, const TextConfig& text);

}  // namespace bernoulli::layers

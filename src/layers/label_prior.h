#pragma once

#include <cstddef>
#include <vector>

#include "layers/layer_kind.h"

namespace bernoulli::layers {

struct ModelPlan;

// A model whose logits start at the log odds of the labels, but for what the features add: `bias_initializer:
// prior` of the linear layer that gives them. Without it the rows of common tokens learn how often a label
// holds, and a text of unknown tokens, which has none of them, is answered as if half of all texts had it.

/// Whether layer `index` asks for it. @throws ShapeError where it does, or a layer of its branches, and is
/// not the one that gives the logits: the last but for dropout
bool starts_from_prior(const std::vector<NamedLayer>& layers, size_t index);

/// Gives the bias of the layer that asks its numbers. @param log_odds  [L]
void start_from_prior(ModelPlan& plan, const std::vector<float>& log_odds);

}  // namespace bernoulli::layers

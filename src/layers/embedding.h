#pragma once

#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// The table [num_ids, dim] that embedding and embedding_bag share.
ParameterSpec embedding_table(const Json& args, const PlanContext& context);

}  // namespace bernoulli::layers

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/encoded_dataset.h"
#include "tensor/checkpoint.h"

namespace bernoulli {

/// What every engine says when it refuses a step; `step` counts from 0, the message from 1.
/// @param bad  the examples whose logits are not finite, of `num_examples` looked at
NonFiniteError non_finite_loss(int64_t step, double loss, const std::vector<int64_t>& bad,
                               int64_t num_examples, const EncodedDataset& data);
/// @param names  parameters with a gradient that is not finite; none: only the norm overflows
NonFiniteError non_finite_gradient(int64_t step, const std::vector<std::string>& names);

/// @param last_saved  step of the checkpoint before; negative: none
/// @throws NonFiniteError naming every weight and optimizer state that is not finite: what is saved can be
/// gone on with.
void refuse_non_finite_state(const Checkpoint& checkpoint, int64_t last_saved);

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/encoded_dataset.h"
#include "tensor/checkpoint.h"

namespace bernoulli {

/// What every engine says when it refuses a step; `step` counts from 0, the message from 1.
/// @param logits  of the examples: data.num_labels numbers, and each row `stride` after the one before
NonFiniteError non_finite_loss(int64_t step, double loss, std::span<const int64_t> examples,
                               const float* logits, int64_t stride, const EncodedDataset& data);
/// @param names  parameters with a gradient that is not finite; none: only the norm overflows
NonFiniteError non_finite_gradient(int64_t step, const std::vector<std::string>& names);

/// @param last_saved  step of the checkpoint before; negative: none
/// @throws NonFiniteError naming every weight and optimizer state that is not finite: what is saved can be
/// gone on with.
void refuse_non_finite_state(const Checkpoint& checkpoint, int64_t last_saved);

}  // namespace bernoulli

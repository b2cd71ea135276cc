#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "layers/layer_kind.h"

namespace bernoulli {

/// Fills `out`, float32 of the spec's shape, row-major, on the CPU, with the weights that a training starts
/// from.
/// @param index  place of the parameter among all of the plan: the draws are a function of (seed, index).
void set_initial_weights(const layers::ParameterSpec& spec, uint64_t seed, uint64_t index,
                         const at::Tensor& out);

}  // namespace bernoulli

#pragma once

#include <cstdint>

#include <c10/core/ScalarType.h>

namespace bernoulli::stability {

/// The positive finite numbers of a dtype in order: index k is the k-th above 0, so that neighbours differ
/// by 1.
/// @throws InternalError unless float64, float32, bfloat16 or float16.
double number_at(at::ScalarType dtype, uint64_t index);

/// The index of the smallest number that is not below `value`, for a value that is positive and in range.
uint64_t index_at_least(at::ScalarType dtype, long double value);

/// Numbers from one power of two to the next.
uint64_t numbers_an_octave(at::ScalarType dtype);

}  // namespace bernoulli::stability

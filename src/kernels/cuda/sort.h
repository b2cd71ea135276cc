#pragma once

#include <cstdint>
#include <cuda_runtime.h>

#include "kernels/cuda/memory.h"

namespace bernoulli::card {

/// Memory of the card that sort_pairs() needs for as many pairs or fewer. @param count  below 2^32
/// @throws Failure
int64_t sort_pairs_bytes(int64_t count);

/// Sorts by the lowest `bits` of the keys; equal keys stay in their order. @throws Failure
void sort_pairs(const uint32_t* keys, const uint32_t* values, uint32_t* sorted_keys, uint32_t* sorted_values,
                int64_t count, int bits, Block memory, cudaStream_t stream);

}  // namespace bernoulli::card

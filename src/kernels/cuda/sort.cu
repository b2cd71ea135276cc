#include <cub/device/device_radix_sort.cuh>

#include "kernels/cuda/check.h"
#include "kernels/cuda/sort.h"

namespace bernoulli::card {

namespace {

/// Without memory it sets `bytes` to what it needs. CUB is another function for each type of the count, and
/// each needs as much as it says itself: whoever asks and whoever sorts must call the same one.
void sort(void* memory, size_t& bytes, const uint32_t* keys, const uint32_t* values, uint32_t* sorted_keys,
          uint32_t* sorted_values, int64_t count, int bits, cudaStream_t stream) {
  check(cub::DeviceRadixSort::SortPairs(memory, bytes, keys, sorted_keys, values, sorted_values,
                                        static_cast<uint32_t>(count), 0, bits, stream),
        "cub::DeviceRadixSort");
}

}  // namespace

int64_t sort_pairs_bytes(int64_t count) {
  size_t bytes = 0;
  sort(nullptr, bytes, nullptr, nullptr, nullptr, nullptr, count, 32, nullptr);
  return static_cast<int64_t>(bytes);
}

void sort_pairs(const uint32_t* keys, const uint32_t* values, uint32_t* sorted_keys, uint32_t* sorted_values,
                int64_t count, int bits, Block memory, cudaStream_t stream) {
  auto bytes = static_cast<size_t>(memory.bytes);
  sort(memory.begin, bytes, keys, values, sorted_keys, sorted_values, count, bits, stream);
}

}  // namespace bernoulli::card

#include <cub/device/device_radix_sort.cuh>

#include "kernels/cuda/check.h"
#include "kernels/cuda/sort.h"

namespace bernoulli::card {

int64_t sort_pairs_bytes(int64_t count) {
  size_t bytes = 0;
  const uint32_t* const none = nullptr;
  uint32_t* const nowhere = nullptr;
  check(cub::DeviceRadixSort::SortPairs(nullptr, bytes, none, nowhere, none, nowhere,
                                        static_cast<uint32_t>(count)),
        "cub::DeviceRadixSort");
  return static_cast<int64_t>(bytes);
}

void sort_pairs(const uint32_t* keys, const uint32_t* values, uint32_t* sorted_keys, uint32_t* sorted_values,
                int64_t count, int bits, Block memory, cudaStream_t stream) {
  auto bytes = static_cast<size_t>(memory.bytes);
  check(cub::DeviceRadixSort::SortPairs(memory.begin, bytes, keys, sorted_keys, values, sorted_values, count,
                                        0, bits, stream),
        "cub::DeviceRadixSort");
}

}  // namespace bernoulli::card

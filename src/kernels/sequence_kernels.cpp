#include "kernels/sequence_kernels.h"

#include <algorithm>

namespace bernoulli::kernels {

void pack_panels(const float* b, int64_t depth, int64_t columns, int64_t depth_step, int64_t column_step,
                 float* packed) {
  for (int64_t first = 0; first < columns; first += kPanel) {
    const int64_t width = std::min(kPanel, columns - first);
    for (int64_t k = 0; k < depth; ++k, packed += kPanel) {
      const float* row = b + k * depth_step + first * column_step;
      for (int64_t n = 0; n < width; ++n) packed[n] = row[n * column_step];
      std::fill(packed + width, packed + kPanel, 0.0f);
    }
  }
}

}  // namespace bernoulli::kernels

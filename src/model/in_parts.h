#pragma once

#include <cstdint>

#include <ATen/Parallel.h>

#include "kernels/kernels.h"

namespace bernoulli {

/// work(begin, end) on parts of 0 .. count - 1, by LibTorch's threads; what is below `grain` is one part.
template <typename Work>
void in_parts(int64_t count, int64_t grain, Work work) {
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
    const kernels::FlushDenormals flush;
    work(begin, end);
  });
}

}  // namespace bernoulli

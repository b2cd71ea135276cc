#pragma once

#include <cstdint>

namespace bernoulli {

/// The quotient of two counts, rounded up. @param divisor  above 0
constexpr int64_t divide_up(int64_t count, int64_t divisor) {
  return count / divisor + (count % divisor != 0 ? 1 : 0);
}

}  // namespace bernoulli

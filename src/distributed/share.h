#pragma once

#include <cstddef>

namespace bernoulli {

/// The numbers [begin, end) of a row of numbers that all processes have.
struct Share {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
};

/// The share of process `rank` of `count` things: one after the other by rank, as even as can be.
inline Share share_of(int rank, int processes, size_t count) {
  const auto at = [&](int of) { return count * static_cast<size_t>(of) / static_cast<size_t>(processes); };
  return {at(rank), at(rank + 1)};
}

}  // namespace bernoulli

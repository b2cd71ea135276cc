#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "data/split.h"

namespace bernoulli::testing {

using Indices = std::vector<int64_t>;

inline SplitConfig split(const std::string& method, double fraction, uint64_t seed = 1) {
  SplitConfig config;
  config.method = method;
  config.fraction = fraction;
  config.seed = seed;
  return config;
}

inline SplitConfig fold(const std::string& method, int64_t number, int64_t of, uint64_t seed = 1) {
  SplitConfig config = split(method, 0, seed);
  config.folds = of;
  config.fold = number;
  return config;
}

inline Indices all_of(const SplitIndices& parts) {
  Indices all = parts.train;
  all.insert(all.end(), parts.validation.begin(), parts.validation.end());
  all.insert(all.end(), parts.test.begin(), parts.test.end());
  std::ranges::sort(all);
  return all;
}

/// 0, 1, ..., count - 1.
inline Indices counting(int64_t count) {
  Indices indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return indices;
}

}  // namespace bernoulli::testing

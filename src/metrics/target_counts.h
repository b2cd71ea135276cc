#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bernoulli {

/// Examples with a label, and without it.
struct TargetCounts {
  int64_t positive = 0;
  int64_t negative = 0;
  bool has_both() const { return positive > 0 && negative > 0; }
};

/// One a label. @param targets  N*L row-major, 0 or 1
std::vector<TargetCounts> count_targets(std::span<const float> targets, int64_t num_labels);

}  // namespace bernoulli

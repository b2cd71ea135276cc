#include "metrics/target_counts.h"

namespace bernoulli {

std::vector<TargetCounts> count_targets(std::span<const float> targets, int64_t num_labels) {
  std::vector<TargetCounts> counts(static_cast<size_t>(num_labels));
  for (size_t i = 0; i < targets.size(); ++i) {
    TargetCounts& label = counts[i % counts.size()];
    ++(targets[i] == 1 ? label.positive : label.negative);
  }
  return counts;
}

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// Which training examples a weight update sees: a permutation of all of them an epoch, cut into runs of
/// batch_size * accumulate. A function of (seed, step), so that whoever asks for the same step sees the same
/// examples.
class EpochOrder {
 public:
  EpochOrder(const TrainingConfig& training, int64_t num_examples);

  /// Valid until a step of another epoch is asked for. @param step counts updates from 0.
  std::span<const int64_t> examples_of(int64_t step);
  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  /// Of every update but the last of an epoch.
  int64_t examples_per_step() const { return examples_per_step_; }

 private:
  uint64_t seed_;
  int64_t num_examples_;
  int64_t examples_per_step_;
  int64_t steps_per_epoch_;
  int64_t epoch_ = -1;  ///< that order_ belongs to
  std::vector<int64_t> order_;
};

}  // namespace bernoulli

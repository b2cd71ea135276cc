#pragma once

#include <cstdint>
#include <limits>

#include "config/run_config.h"

namespace bernoulli {

/// How long a training will be, as far as its settings say.
struct TrainingLength {
  int64_t steps_per_epoch = 0;
  int64_t total_steps = 0;  ///< weight updates, or kNoLimit
};
/// Of steps, where only time limits.
inline constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

TrainingLength training_length(const TrainingConfig& training, int64_t steps_per_epoch);

/// Settings that can do nothing in so short a training: a warm-up or an average that outlasts it, a schedule
/// that never comes to act. Epochs have a number of steps only once the data are read, so
/// that config/ cannot refuse them.
void warn_of_length(const RunConfig& config, const TrainingLength& length);

/// For a run that goes on after `step` with another length than it had: a schedule that spans the training
/// gives another learning rate from there on than it would have given.
void warn_of_new_length(const TrainingConfig& training, const TrainingLength& before,
                        const TrainingLength& now, int64_t step);

}  // namespace bernoulli

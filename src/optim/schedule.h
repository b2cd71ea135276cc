#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "config/run_config.h"

namespace bernoulli {

/// Learning-rate factor as a pure function of the step (updates done so far, from 0). Torch-free.
/// Epoch-wise kinds (step, multi_step, exponential) count epochs as step / steps_per_epoch.
/// @param schedule `reduce_on_plateau` has factor 1 here; see PlateauState.
double schedule_factor(const KindConfig& schedule, int64_t step, int64_t total_steps,
                       int64_t steps_per_epoch);

/// reduce_on_plateau: a function of the metric history, folded one validation at a time. Same rule as torch's
/// ReduceLROnPlateau.
struct PlateauState {
  double factor = 1;
  double best = 0;
  bool has_best = false;
  int64_t bad_validations = 0;
  int64_t cooldown_left = 0;
};

/// @param lower_is_better direction of the monitored metric. A NaN value counts as no improvement.
PlateauState advance_plateau(const KindConfig& schedule, PlateauState state, double metric,
                             bool lower_is_better);

}  // namespace bernoulli

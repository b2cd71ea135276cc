#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace bernoulli {

/// Where a training stands between two updates.
struct Standing {
  int64_t step = 0;            ///< weight updates done
  int64_t validated_step = 0;  ///< the last one behind which was validated
  int64_t saved_step = -1;     ///< the last one whose checkpoint was saved
  bool limit_reached = false;  ///< as the clock said once for the whole turn
  bool pause_due = false;      ///< the epoch after which it shall pause is trained
};

/// What a training does next, one of these a turn.
enum class Turn { kValidate, kSave, kUpdate, kEnd };  ///< what was validated is saved in the same turn

/// Never kEnd before the step was validated and saved, so that there is a checkpoint to evaluate and export;
/// for a pause only saved, unless a validation is due anyway: one more would change what comes after.
Turn next_turn(const TrainingConfig& training, int64_t steps_per_epoch, const Standing& standing);

}  // namespace bernoulli

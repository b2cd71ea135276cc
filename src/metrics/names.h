#pragma once

#include <string>

#include "config/run_config.h"

namespace bernoulli {

/// True for loss, log_loss, brier_score, expected_calibration_error, hamming_loss, false_positives,
/// false_negatives.
bool lower_is_better(const std::string& metric);
/// The same of training.monitor, as training.monitor.mode has it.
bool monitor_is_better_lower(const TrainingConfig& training);

}  // namespace bernoulli

#pragma once

#include <string>

#include "config/run_config.h"

namespace bernoulli {

/// True for loss, log_loss, brier_score, expected_calibration_error, hamming_loss, false_positives,
/// false_negatives.
bool lower_is_better(const std::string& metric);
/// Whether a metric is made of decisions, and so another one at another threshold: false for loss, log_loss,
/// brier_score, expected_calibration_error, roc_auc and average_precision.
bool depends_on_threshold(const std::string& metric);
/// The same as lower_is_better of training.monitor, as training.monitor.mode has it.
bool monitor_is_better_lower(const TrainingConfig& training);

}  // namespace bernoulli

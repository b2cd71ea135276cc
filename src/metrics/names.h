#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// Names that compute_metrics yields, in its order.
const std::vector<std::string>& metric_names(TaskConfig::Kind kind);

/// True for loss, log_loss, brier_score, expected_calibration_error, hamming_loss, false_positives,
/// false_negatives.
bool lower_is_better(const std::string& metric);

}  // namespace bernoulli

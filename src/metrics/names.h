#pragma once

#include <string>

namespace bernoulli {

/// True for loss, log_loss, brier_score, expected_calibration_error, hamming_loss, false_positives,
/// false_negatives.
bool lower_is_better(const std::string& metric);

}  // namespace bernoulli

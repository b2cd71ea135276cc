#include "metrics/names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace bernoulli {

bool lower_is_better(const std::string& metric) {
  constexpr std::array<std::string_view, 7> kErrors = {
      "loss",         "log_loss",        "brier_score",    "expected_calibration_error",
      "hamming_loss", "false_positives", "false_negatives"};
  return std::find(kErrors.begin(), kErrors.end(), metric) != kErrors.end();
}

bool depends_on_threshold(const std::string& metric) {
  constexpr std::array<std::string_view, 5> kOfProbabilities = {
      "loss", "log_loss", "brier_score", "expected_calibration_error", "precision_at_1"};
  return std::find(kOfProbabilities.begin(), kOfProbabilities.end(), metric) == kOfProbabilities.end() &&
         !metric.ends_with("roc_auc") && !metric.ends_with("average_precision");
}

bool monitor_is_better_lower(const TrainingConfig& training) {
  return training.monitor_mode == "auto" ? lower_is_better(training.monitor) : training.monitor_mode == "min";
}

}  // namespace bernoulli

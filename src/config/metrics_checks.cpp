#include <fmt/format.h>

#include "config/setting_checks.h"

namespace bernoulli::config {

void check_fitting_without_validation(const CheckedSettings& settings) {
  if (settings.run.data.validation.present()) return;
  const MetricsConfig& metrics = settings.run.metrics;
  if (metrics.fits_temperature) needs_validation(settings, "metrics.temperature");
  if (metrics.fits_shift) needs_validation(settings, "metrics.shift");
  if (metrics.threshold.is_fitted()) needs_validation(settings, "metrics.threshold");
}

void check_threshold(const CheckedSettings& settings) {
  const ThresholdConfig& threshold = settings.run.metrics.threshold;
  if (threshold.method == ThresholdConfig::Method::kHighest &&
      (settings.is_binary() || settings.run.task.labels.size() == 1))
    settings.fault("metrics.threshold",
                   "is highest, which chooses among several labels, and the task has one probability "
                   "(expected a number, or how to fit it)");
  if (threshold.min_positives > 0 && settings.is_binary())
    settings.fault(fmt::format("metrics.threshold.{}.min_positives",
                               threshold.method == ThresholdConfig::Method::kMaxF1 ? "max_f1" : "max_f_beta"),
                   "is of several labels, which a binary task has not");
  if (threshold.confidence && !settings.run.data.columns.weight.empty())
    settings.fault("metrics.threshold.recall_at_precision.confidence",
                   "counts examples, and data.columns.weight makes some count for more than others");
}

}  // namespace bernoulli::config

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"
#include "metrics/bootstrap.h"
#include "metrics/predictions.h"

namespace bernoulli {

/// What a metric may be on other examples of the same kind, model and thresholds being what they are.
struct MetricIntervals {
  std::vector<std::pair<std::string, Interval>> intervals;  ///< by metric, in the order of compute_metrics
  int64_t num_rarer = 0;  ///< of all N*L answers, those with the rarer target

  /// Null pointer if there is no such metric.
  const Interval* find(const std::string& name) const;
  /// Whether so few answers are of the rarer kind that the intervals hold the truth less often than they say.
  bool too_narrow() const { return num_rarer < kFewestForInterval; }
};

/// 95 % percentile bootstrap of every metric of compute_metrics but loss, which is the caller's, counts, and
/// expected_calibration_error, which grows with every resampling: its interval would lie above it. Resamples
/// are functions of `seed` alone. kNumResamples times the cost of compute_metrics.
/// @param tell  hears before each resample how many are done
/// @throws InternalError as compute_metrics; StopRequested
MetricIntervals metric_intervals(const Predictions& predictions, const std::vector<double>& thresholds,
                                 const MetricsConfig& config, TaskConfig::Kind kind, uint64_t seed,
                                 const std::function<void(int64_t done)>& tell = nullptr);

/// {"accuracy": [low, high], ...}; null where there is none, with the reason in `undefined` under
/// "intervals.METRIC".
nlohmann::ordered_json to_json(const MetricIntervals& intervals, nlohmann::ordered_json& undefined);

}  // namespace bernoulli

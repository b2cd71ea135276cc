#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"
#include "metrics/bootstrap.h"
#include "metrics/decision.h"
#include "metrics/predictions.h"

namespace bernoulli {

/// Between which values a metric lies with 95 %.
struct MetricInterval {
  std::string metric;
  Interval interval;
  bool exact = false;       ///< of a share (Clopper & Pearson), else of resamples
  int64_t num_answers = 0;  ///< what it rests on: a share's denominator, else the rarer of what it weighs up

  /// Whether it holds the truth less often than it says: resamples of few answers hardly vary.
  bool is_too_narrow() const { return !exact && interval.low && num_answers < kFewestForInterval; }
};

/// What metrics may be on other examples of the same kind, model and decision rule being what they are.
struct MetricIntervals {
  std::vector<MetricInterval> intervals;  ///< in the order of compute_metrics

  /// Null pointer if there is no such metric.
  const MetricInterval* find(const std::string& name) const;
};

/// Of every metric of compute_metrics but loss, which is the caller's, counts, and
/// expected_calibration_error, which grows with every resampling: its interval would lie above it.
///
/// Shares of examples that all weigh the same (binary accuracy, precision, recall, specificity; multi-label
/// subset_accuracy, precision_at_1) have the exact interval. The others have that of a percentile bootstrap,
/// or none where all resamples give the same figure. Resamples are functions of `seed` alone. O(kNumResamples
/// * N * L).
///
/// @param tell  hears before each resample how many are done
/// @throws InternalError as compute_metrics; StopRequested
MetricIntervals metric_intervals(const Predictions& predictions, const DecisionRule& rule,
                                 const MetricsConfig& config, TaskConfig::Kind kind, uint64_t seed,
                                 const std::function<void(int64_t done)>& tell = nullptr);

/// Which intervals are too narrow, with the number of answers that they rest on; empty where none is.
std::string narrow_warning(const MetricIntervals& intervals);

/// {"accuracy": [low, high], ...}; null where there is none, with the reason in `undefined` under
/// "intervals.METRIC".
nlohmann::ordered_json to_json(const MetricIntervals& intervals, nlohmann::ordered_json& undefined);

}  // namespace bernoulli

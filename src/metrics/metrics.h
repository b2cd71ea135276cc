#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"

namespace bernoulli {

/// Declared inputs: always logits, never guessed. N examples, L labels. Ranking metrics use the logits themselves, so that
/// saturated probabilities cannot tie; probability metrics use sigmoid in float64.
struct Predictions {
  std::span<const float> logits;   ///< N*L row-major
  std::span<const float> targets;  ///< N*L, 0 or 1
  std::span<const float> weights;  ///< N, or empty: all 1
  int64_t num_labels = 1;
  int64_t size() const { return static_cast<int64_t>(logits.size()) / num_labels; }
};

/// A metric's value, or why it has none.
struct MetricValue {
  std::optional<double> value;
  std::string undefined_reason;
};

/// Metrics of a set at a threshold, in documentation order.
struct MetricReport {
  int64_t num_examples = 0;
  std::vector<double> thresholds;                              ///< one, or one a label
  std::vector<std::pair<std::string, MetricValue>> metrics;
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, MetricValue>>>> per_label;  ///< multi-label only

  /// Null pointer if there is no such metric.
  const MetricValue* find(const std::string& name) const;
};

/// Every metric the task has. `loss` is the caller's, in the training loss mode.
/// Binary: loss accuracy precision recall specificity f1 f_beta matthews_corrcoef cohen_kappa roc_auc average_precision log_loss brier_score
/// expected_calibration_error true_positives false_positives true_negatives false_negatives.
/// Multi-label: loss accuracy (= 1 - hamming_loss) hamming_loss subset_accuracy jaccard, and micro_/macro_ of precision recall f1 roc_auc average_precision,
/// log_loss brier_score expected_calibration_error; per label the binary ones.
MetricReport compute_metrics(const Predictions& predictions, const std::vector<double>& thresholds, const MetricsConfig& config,
                             const std::vector<std::string>& label_names, TaskConfig::Kind kind, double loss);

/// The JSON contract of `evaluate --json`: {"num_examples","threshold","metrics","undefined","per_label"}.
nlohmann::ordered_json to_json(const MetricReport& report);

/// A table for people.
std::string to_table(const MetricReport& report);

/// Names that compute_metrics yields, for checking `training.monitor`.
const std::vector<std::string>& metric_names(TaskConfig::Kind kind);

/// True for loss, log_loss, brier_score, expected_calibration_error, hamming_loss, false_positives, false_negatives.
bool lower_is_better(const std::string& metric);

/// Threshold(s) on the probability, fitted on validation predictions (one for binary, one a label for multi-label).
/// kFixed gives the fixed value. A probability strictly above the threshold is positive.
/// @throws DataError where the demand cannot be met (no positive example; recall r never reached), with the best that can.
std::vector<double> choose_thresholds(const Predictions& validation, const ThresholdConfig& config);

/// 1 / (1 + exp(-z)) without overflow, float64.
double sigmoid(double logit);

}  // namespace bernoulli

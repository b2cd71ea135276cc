#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"

namespace bernoulli {

/// Declared inputs: always logits, never guessed. N examples, L labels. Ranking metrics use the logits
/// themselves, so that saturated probabilities cannot tie; probability metrics use sigmoid in float64.
struct Predictions {
  std::span<const float> logits;   ///< N*L row-major
  std::span<const float> targets;  ///< N*L, 0 or 1
  std::span<const float> weights;  ///< N, finite and not negative; or empty: all 1
  int64_t num_labels = 1;
  int64_t size() const { return static_cast<int64_t>(logits.size()) / num_labels; }
};

/// A metric's value, always finite, or why it has none.
struct MetricValue {
  std::optional<double> value;
  std::string undefined_reason;
};

/// Metrics by name, in documentation order.
using NamedMetrics = std::vector<std::pair<std::string, MetricValue>>;

/// Metrics of a set at a threshold.
struct MetricReport {
  int64_t num_examples = 0;
  std::vector<double> thresholds;  ///< one, or one a label
  NamedMetrics metrics;
  std::vector<std::pair<std::string, NamedMetrics>> per_label;  ///< multi-label only

  /// Null pointer if there is no such metric.
  const MetricValue* find(const std::string& name) const;
};

/// Every metric the task has; docs/metrics.md defines each. `loss` is the caller's, in the training loss
/// mode. Binary: loss accuracy precision recall specificity f1 f_beta matthews_corrcoef cohen_kappa roc_auc
/// average_precision log_loss brier_score expected_calibration_error true_positives false_positives
/// true_negatives false_negatives.
/// Multi-label: loss accuracy (= 1 - hamming_loss) hamming_loss subset_accuracy jaccard, micro_ and macro_ of
/// precision recall f1 roc_auc average_precision, log_loss brier_score expected_calibration_error; per label
/// the binary ones but loss.
/// @param thresholds  one for all labels, or one a label.
/// @param label_names multi-label: L names; binary: not read.
/// @throws InternalError if sizes disagree, a target is not 0 or 1, or a weight is negative or not finite.
MetricReport compute_metrics(const Predictions& predictions, const std::vector<double>& thresholds,
                             const MetricsConfig& config, const std::vector<std::string>& label_names,
                             TaskConfig::Kind kind, double loss);

/// The JSON contract of `evaluate --json`: {"num_examples","threshold","metrics","undefined","per_label"}.
/// "threshold" is a number where all labels share it, else one a label. Undefined metrics are null, their
/// reasons stand in "undefined" under the metric's name, or under "per_label.NAME.METRIC".
nlohmann::ordered_json to_json(const MetricReport& report);

/// A table for people: one metric a line, then one label a line.
std::string to_table(const MetricReport& report);

/// Names that compute_metrics yields, in its order.
const std::vector<std::string>& metric_names(TaskConfig::Kind kind);

/// True for loss, log_loss, brier_score, expected_calibration_error, hamming_loss, false_positives,
/// false_negatives.
bool lower_is_better(const std::string& metric);

/// One threshold a label.
struct FittedThresholds {
  std::vector<double> thresholds;     ///< L, in (0, 1)
  std::vector<int64_t> left_at_half;  ///< labels, ascending, for which none could be fitted
  std::vector<std::string> reasons;   ///< of those that have examples of both kinds, and miss the demand
};

/// Threshold(s) on the probability, fitted on validation predictions (one for binary, one a label for
/// multi-label). kFixed gives the fixed value. With a fitted threshold is_positive() repeats the chosen split
/// of the validation set.
///  kMaxF1              the best f1; among equals the highest threshold
///
///  kPrecisionAtRecall  the best precision among the splits with recall >= value; among equals the best
///  recall
///
///  kRecallAtPrecision  the best recall among the splits with precision >= value; among equals the best
///  precision
///
/// @param names  of the labels, for messages; empty: they are numbered
/// @throws DataError where no label can be fitted, with the best that the first of those that miss the demand
/// can; NonFiniteError if a logit is NaN; InternalError as compute_metrics.
FittedThresholds choose_thresholds(const Predictions& validation, const ThresholdConfig& config,
                                   const std::vector<std::string>& names = {});

/// One temperature a label.
struct FittedTemperatures {
  std::vector<double> temperatures;  ///< L, above 0, values that float32 has
  std::vector<std::string>
      left_at_one;  ///< why, a sentence for each label whose temperature cannot be fitted
};

/// The temperature T in (.01, 10000) of each label that makes the weighted log loss of sigmoid(z / T) on
/// validation predictions smallest. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
/// @param names  of the labels, for messages; empty: they are numbered
/// @throws NonFiniteError if a logit is not finite; InternalError as compute_metrics.
FittedTemperatures fit_temperatures(const Predictions& validation,
                                    const std::vector<std::string>& names = {});

/// Each logit by the temperature of its label, in float32: one correctly rounded division, as exported files
/// do it. @param logits  N*L row-major.  @param temperatures  L, or empty: nothing is done.
void divide_by_temperature(std::span<float> logits, const std::vector<double>& temperatures);

/// 1 / (1 + exp(-z)) without overflow, float64: what metrics are computed from.
double sigmoid(double logit);

/// The probability that decisions are made on and that outputs show: 1 / (1 + exp(-z)) in float32, the
/// formula and the precision of LibTorch's sigmoid in exported files. 1 from z = 24 ln 2 = 16.64 upwards, 0
/// from -88.73 downwards.
float probability(float logit);

/// The one rule for decisions: probability(logit), compared in float64, is strictly above the threshold, as
/// in Keras' BinaryAccuracy. False for NaN.
bool is_positive(float logit, double threshold);

}  // namespace bernoulli

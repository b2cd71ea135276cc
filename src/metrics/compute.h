#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"
#include "metrics/decision.h"
#include "metrics/predictions.h"
#include "metrics/report.h"

namespace bernoulli {

/// Every metric the task has; docs/metrics.md defines each. `loss` is the caller's, in the training loss
/// mode. Binary: loss accuracy balanced_accuracy precision recall specificity f1 f_beta matthews_corrcoef
/// cohen_kappa roc_auc average_precision log_loss brier_score expected_calibration_error true_positives
/// false_positives true_negatives false_negatives. Multi-label: loss accuracy (= 1 - hamming_loss)
/// hamming_loss subset_accuracy precision_at_1 jaccard samples_f1, micro_ and macro_ of precision recall f1
/// roc_auc average_precision, weighted_f1 log_loss brier_score expected_calibration_error; per label the
/// binary ones but loss.
/// @param rule  binary: a threshold
/// @param label_names multi-label: L names; binary: not read.
/// @throws InternalError if sizes disagree, a target is not 0 or 1, or a weight is negative or not finite.
MetricReport compute_metrics(const Predictions& predictions, const DecisionRule& rule,
                             const MetricsConfig& config, const std::vector<std::string>& label_names,
                             TaskConfig::Kind kind, double loss);

/// precision_at_K and recall_at_K of the K labels with the highest logits (the first of equal ones) of each
/// example, over the examples with a label, as fastText counts them: right ones by examples times K, and by
/// labels. That precision_at_1 is the one of compute_metrics. @param k  1 to the number of labels
NamedMetrics top_metrics(const Predictions& predictions, int64_t k);

}  // namespace bernoulli

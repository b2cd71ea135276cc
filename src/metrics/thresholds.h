#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "metrics/decision.h"
#include "metrics/predictions.h"
#include "metrics/target_counts.h"

namespace bernoulli {

/// One threshold a label.
struct FittedThresholds {
  std::vector<double> thresholds;     ///< L, in (0, 1)
  std::vector<int64_t> left_at_half;  ///< labels, ascending, for which none could be fitted
  std::vector<int64_t> shared;        ///< labels, ascending, that share one
  std::vector<std::string> reasons;   ///< of those that have examples of both kinds, and miss the demand
  bool pools_all = false;             ///< the shared one is that of the decisions about all labels
};

/// The configured rule, with one threshold an output; 0.5 where thresholds are to be fitted.
/// @param label_names  for numbers by name, which a binary task has not
/// @throws UsageError where there is one threshold a label, but not for these labels, and for the highest of
/// one
DecisionRule configured_rule(const ThresholdConfig& config, int64_t num_outputs,
                             const std::vector<std::string>& label_names);

/// One number a name, that which is given for it or `other`. Names that are not there count for nothing.
std::vector<double> numbers_of_labels(const std::vector<LabelNumber>& given,
                                      const std::vector<std::string>& names, double other);

/// Threshold(s) on the probability, fitted on validation predictions (one for binary, one a label for
/// multi-label), by a method that fits. With a fitted threshold is_positive() repeats the chosen split of the
/// validation set. Answers that differ by no more than rounding are on the same side of it.
///  kMaxF1              the best f1; among equals the highest threshold. The labels of rare_labels() share
///  that of the decisions about pooled_labels() together
///
///  kMaxFBeta           the same of f_beta, with `beta`
///
///  kPrecisionAtRecall  the best precision among the splits with recall >= value; among equals the best
///  recall
///
///  kRecallAtPrecision  the best recall among the splits with precision >= value; among equals the best
///  precision; with `confidence` precision's one-sided lower bound (share_lower_bound) is to reach value
///
/// @param names  of the labels, for messages; empty: they are numbered
/// @throws DataError where no label can be fitted, with the best that the first of those that miss the demand
/// can; NonFiniteError if a logit is NaN; InternalError as compute_metrics.
FittedThresholds choose_thresholds(const Predictions& validation, const ThresholdConfig& config,
                                   const std::vector<std::string>& names = {});

/// The labels, ascending, that kMaxF1 and kMaxFBeta give one threshold: those with fewer than `min_positives`
/// positives.
std::vector<int64_t> rare_labels(const std::vector<TargetCounts>& counts, const ThresholdConfig& config);

/// The labels, ascending, on whose decisions that one is fitted: these, or all where these have fewer than
/// `min_positives` positives together, so that a threshold of their own would follow the few.
std::vector<int64_t> pooled_labels(const std::vector<TargetCounts>& counts, const ThresholdConfig& config);

/// What to look at where there are positive examples and every answer is negative; else empty.
std::string nothing_above(const Predictions& predictions, const DecisionRule& rule);

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <vector>

#include "metrics/scored_example.h"

namespace bernoulli {

/// -log p(target) in nats of one decision, from the logit: log(1 + exp(-z)) for a positive target, log(1 +
/// exp(z)) for a negative one. Exact where a probability would have rounded to 0 or 1.
double log_loss_of(const ScoredExample& example);

/// (p - target)^2 of one decision.
double squared_error_of(const ScoredExample& example);

/// Weighted mean of log_loss_of.
MetricValue log_loss(ScoredExamples examples);

/// Weighted mean of squared_error_of.
MetricValue brier_score(ScoredExamples examples);

/// sum / weight. @param sum  of the weighted log_loss_of: undefined where it is infinite
MetricValue mean_log_loss(double sum, double weight);

/// What the examples of a range of probabilities add up to.
struct CalibrationBin {
  int64_t examples = 0;
  double weight = 0;
  double probability = 0;  ///< sum of weight times p
  double positive = 0;     ///< weight of the positive ones
};
/// `num_bins` bins of p = p(positive), of equal width: [k/n, (k+1)/n), and the last one closed.
std::vector<CalibrationBin> calibration_bins(ScoredExamples examples, int64_t num_bins);

/// Over p = p(positive), for binary decisions, not over the confidence max(p, 1-p): the sum over
/// calibration_bins of the bin's share of weight times |its weighted mean p - its weighted share of
/// positives|.
MetricValue expected_calibration_error(ScoredExamples examples, int64_t num_bins);

}  // namespace bernoulli

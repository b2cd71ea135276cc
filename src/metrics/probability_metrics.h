#pragma once

#include "metrics/scored_example.h"

namespace bernoulli {

/// Weighted mean of -log p(target) in nats, from the logit: log(1 + exp(-z)) for a positive target, log(1 +
/// exp(z)) for a negative one. Exact where a probability would have rounded to 0 or 1.
MetricValue log_loss(ScoredExamples examples);

/// Weighted mean of (p - target)^2.
MetricValue brier_score(ScoredExamples examples);

/// Over p = p(positive), for binary decisions, not over the confidence max(p, 1-p): `num_bins` bins of equal
/// width, [k/n, (k+1)/n) and the last one closed, so that p = 0 and p = 1 both belong; the sum over bins of
/// the bin's share of weight times |its weighted mean p - its weighted share of positives|.
MetricValue expected_calibration_error(ScoredExamples examples, int64_t num_bins);

}  // namespace bernoulli

#include "metrics/probability_metrics.h"

#include <algorithm>
#include <cmath>

#include "metrics/decision.h"

namespace bernoulli {
namespace {

/// log(1 + exp(x)) without overflow, and without loss of small values.
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

/// 1 - p has a value of its own: subtracting p from 1 would lose all of it where p is near 1.
double miss(const ScoredExample& example) {
  return example.target ? sigmoid(-double{example.logit}) : sigmoid(double{example.logit});
}

}  // namespace

double log_loss_of(const ScoredExample& example) {
  const double logit = example.logit;
  return softplus(example.target ? -logit : logit);
}

double squared_error_of(const ScoredExample& example) { return miss(example) * miss(example); }

MetricValue log_loss(ScoredExamples examples) {
  double sum = 0;
  for (const ScoredExample& example : examples) {
    if (example.weight != 0) sum += example.weight * log_loss_of(example);
  }
  return mean_log_loss(sum, target_weights(examples).total());
}

MetricValue mean_log_loss(double sum, double weight) {
  if (!std::isfinite(sum)) return undefined("infinite: an infinite logit is on the wrong side");
  return ratio(sum, weight, "no example");
}

MetricValue brier_score(ScoredExamples examples) {
  double sum = 0;
  for (const ScoredExample& example : examples) sum += example.weight * squared_error_of(example);
  return ratio(sum, target_weights(examples).total(), "no example");
}

std::vector<CalibrationBin> calibration_bins(ScoredExamples examples, int64_t num_bins) {
  std::vector<CalibrationBin> bins(static_cast<size_t>(num_bins));
  for (const ScoredExample& example : examples) {
    const double p = sigmoid(double{example.logit});
    const auto index = std::min(static_cast<size_t>(p * static_cast<double>(num_bins)), bins.size() - 1);
    CalibrationBin& bin = bins[index];
    ++bin.examples;
    bin.weight += example.weight;
    bin.probability += example.weight * p;
    if (example.target) bin.positive += example.weight;
  }
  return bins;
}

MetricValue expected_calibration_error(ScoredExamples examples, int64_t num_bins) {
  // weight_b / W * |P_b / weight_b - T_b / weight_b|: the bin's own weight cancels.
  double gap = 0;
  for (const CalibrationBin& bin : calibration_bins(examples, num_bins))
    gap += std::fabs(bin.probability - bin.positive);
  return ratio(gap, target_weights(examples).total(), "no example");
}

}  // namespace bernoulli

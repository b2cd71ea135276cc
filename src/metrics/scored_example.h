#pragma once

#include <span>
#include <string>
#include <vector>

#include "metrics/decision.h"
#include "metrics/predictions.h"
#include "metrics/report.h"

namespace bernoulli {

/// One decision about one label of one example.
struct ScoredExample {
  float logit = 0;
  double weight = 1;
  bool target = false;
  bool predicted = false;
};
using ScoredExamples = std::span<const ScoredExample>;

/// What every metric over a set of decisions is divided by.
struct TargetWeights {
  double positive = 0;
  double negative = 0;
  double total() const { return positive + negative; }
};
TargetWeights target_weights(ScoredExamples examples);

/// @throws InternalError if sizes disagree, a target is not 0 or 1, or a weight is negative or not finite.
void check_predictions(const Predictions& predictions);

/// " for label 'name'", for messages; empty where there is only one. Without names they are numbered from 1.
std::string label_phrase(const Predictions& predictions, int64_t label,
                         const std::vector<std::string>& names);

/// Column `label` of the predictions, N decisions at `threshold`. The predictions were checked.
std::vector<ScoredExample> score_label(const Predictions& predictions, int64_t label, double threshold);

/// All L columns, N decisions each.
std::vector<std::vector<ScoredExample>> score_labels(const Predictions& predictions,
                                                     const DecisionRule& rule);

/// The value, or undefined where it is infinite or NaN.
MetricValue finite_or_undefined(double value, const std::string& reason);

/// numerator / denominator, or undefined with the reason where the denominator is 0.
MetricValue ratio(double numerator, double denominator, const std::string& reason_of_zero);

MetricValue undefined(const std::string& reason);

}  // namespace bernoulli

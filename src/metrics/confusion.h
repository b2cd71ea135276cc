#pragma once

#include "metrics/scored_example.h"

namespace bernoulli {

/// Sums of example weights, by target and decision.
struct Confusion {
  double true_positives = 0;
  double false_positives = 0;
  double true_negatives = 0;
  double false_negatives = 0;

  double positives() const { return true_positives + false_negatives; }
  double negatives() const { return true_negatives + false_positives; }
  double predicted_positives() const { return true_positives + false_positives; }
  double predicted_negatives() const { return true_negatives + false_negatives; }
  double total() const { return true_positives + false_positives + true_negatives + false_negatives; }
  Confusion& operator+=(const Confusion& other);
};
Confusion count_confusion(ScoredExamples examples);

/// Each is undefined, with its reason, where its denominator is 0.
MetricValue accuracy(const Confusion& counts);
/// Mean of recall and specificity.
MetricValue balanced_accuracy(const Confusion& counts);
MetricValue precision(const Confusion& counts);
MetricValue recall(const Confusion& counts);
MetricValue specificity(const Confusion& counts);
/// (1 + beta^2) PR / (beta^2 P + R), written in counts so that it is 0, not undefined, where P and R are 0.
MetricValue f_score(const Confusion& counts, double beta);
MetricValue matthews_corrcoef(const Confusion& counts);
MetricValue cohen_kappa(const Confusion& counts);

}  // namespace bernoulli

#include "metrics/confusion.h"

#include <algorithm>
#include <cmath>

namespace bernoulli {

Confusion& Confusion::operator+=(const Confusion& other) {
  true_positives += other.true_positives;
  false_positives += other.false_positives;
  true_negatives += other.true_negatives;
  false_negatives += other.false_negatives;
  return *this;
}

Confusion count_confusion(ScoredExamples examples) {
  Confusion counts;
  for (const ScoredExample& example : examples) {
    double& cell = example.target ? (example.predicted ? counts.true_positives : counts.false_negatives)
                                  : (example.predicted ? counts.false_positives : counts.true_negatives);
    cell += example.weight;
  }
  return counts;
}

MetricValue accuracy(const Confusion& counts) {
  return ratio(counts.true_positives + counts.true_negatives, counts.total(), "no example");
}

MetricValue balanced_accuracy(const Confusion& counts) {
  const MetricValue of_positives = recall(counts), of_negatives = specificity(counts);
  if (!of_positives.value || !of_negatives.value) return undefined("only one class");
  return {(*of_positives.value + *of_negatives.value) / 2, ""};
}

MetricValue precision(const Confusion& counts) {
  return ratio(counts.true_positives, counts.predicted_positives(), "no example is predicted positive");
}

MetricValue recall(const Confusion& counts) {
  return ratio(counts.true_positives, counts.positives(), "no positive example");
}

MetricValue specificity(const Confusion& counts) {
  return ratio(counts.true_negatives, counts.negatives(), "no negative example");
}

MetricValue f_score(const Confusion& counts, double beta) {
  const double hits = (1 + beta * beta) * counts.true_positives;
  return ratio(hits, hits + beta * beta * counts.false_negatives + counts.false_positives,
               "no positive example and none predicted");
}

MetricValue matthews_corrcoef(const Confusion& counts) {
  const double covariance =
      counts.true_positives * counts.true_negatives - counts.false_positives * counts.false_negatives;
  // Two roots: the product of all four margins overflows long before a count does.
  MetricValue coefficient = ratio(covariance,
                                  std::sqrt(counts.positives() * counts.negatives()) *
                                      std::sqrt(counts.predicted_positives() * counts.predicted_negatives()),
                                  "only one class in the targets or in the predictions");
  if (coefficient.value) coefficient.value = std::clamp(*coefficient.value, -1.0, 1.0);  // the roots round
  return coefficient;
}

MetricValue cohen_kappa(const Confusion& counts) {
  const double chance_disagreement =
      counts.positives() * counts.predicted_negatives() + counts.negatives() * counts.predicted_positives();
  const double disagreement = (counts.false_positives + counts.false_negatives) * counts.total();
  return ratio(chance_disagreement - disagreement, chance_disagreement,
               "targets and predictions hold the same class only");
}

}  // namespace bernoulli

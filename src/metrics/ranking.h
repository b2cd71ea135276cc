#pragma once

#include "metrics/scored_example.h"

namespace bernoulli {

/// Examples that share a logit, which no threshold can part.
struct TieGroup {
  float logit = 0;
  double positive = 0;  ///< weight of its positive examples
  double negative = 0;
};

/// The distinct logits in descending order. O(N log N). No logit is NaN.
std::vector<TieGroup> rank_by_logit(ScoredExamples examples);

/// roc_auc of groups that come one by one, by descending logit.
class RocAuc {
 public:
  void add(const TieGroup& group);
  MetricValue value() const;

 private:
  double positives_ = 0, negatives_ = 0, won_ = 0;
};

/// Probability that a positive example ranks above a negative one, ties counting half.
/// Undefined where a class has no weight.
MetricValue roc_auc(const std::vector<TieGroup>& ranking);

/// Sum over thresholds of (recall_n - recall_(n-1)) * precision_n, without interpolation.
/// Undefined where no positive example has weight.
MetricValue average_precision(const std::vector<TieGroup>& ranking);

}  // namespace bernoulli

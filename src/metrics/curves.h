#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/ranking.h"

namespace bernoulli {

/// A classifier that calls everything from a logit upwards positive.
struct RocPoint {
  double false_positive_rate = 0;
  double true_positive_rate = 0;
};
/// (0, 0), then one point for each distinct logit, descending, the last of them (1, 1): joined by straight
/// lines, they enclose roc_auc. Empty where a class has no weight.
std::vector<RocPoint> roc_curve(const std::vector<TieGroup>& ranking);

struct PrecisionRecallPoint {
  double recall = 0;
  double precision = 0;
};
/// One point for each distinct logit with weight, descending: as steps (precision n from recall n-1 to recall
/// n), they enclose average_precision. Empty where no positive example has weight.
std::vector<PrecisionRecallPoint> precision_recall_curve(const std::vector<TieGroup>& ranking);

/// What a threshold on the probability does (is_positive).
struct ThresholdPoint {
  double threshold = 0;
  std::optional<double> precision, recall, f1;  ///< absent where undefined, as the metric
};
/// At thresholds 0, 1/num_steps, ..., 1.
std::vector<ThresholdPoint> threshold_curve(const std::vector<TieGroup>& ranking, int64_t num_steps);

}  // namespace bernoulli

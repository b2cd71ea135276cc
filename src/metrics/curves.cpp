#include "metrics/curves.h"

#include "metrics/confusion.h"
#include "metrics/decision.h"

namespace bernoulli {
namespace {

TargetWeights weights_of(const std::vector<TieGroup>& ranking) {
  TargetWeights sums;
  for (const TieGroup& group : ranking) {
    sums.positive += group.positive;
    sums.negative += group.negative;
  }
  return sums;
}

}  // namespace

std::vector<RocPoint> roc_curve(const std::vector<TieGroup>& ranking) {
  const TargetWeights all = weights_of(ranking);
  if (all.positive == 0 || all.negative == 0) return {};
  std::vector<RocPoint> points = {{0, 0}};
  points.reserve(ranking.size() + 1);
  TargetWeights above;
  for (const TieGroup& group : ranking) {
    above.positive += group.positive;
    above.negative += group.negative;
    points.push_back({above.negative / all.negative, above.positive / all.positive});
  }
  return points;
}

std::vector<PrecisionRecallPoint> precision_recall_curve(const std::vector<TieGroup>& ranking) {
  const TargetWeights all = weights_of(ranking);
  std::vector<PrecisionRecallPoint> points;
  if (all.positive == 0) return points;
  points.reserve(ranking.size());
  TargetWeights above;
  for (const TieGroup& group : ranking) {
    above.positive += group.positive;
    above.negative += group.negative;
    if (above.total() > 0) points.push_back({above.positive / all.positive, above.positive / above.total()});
  }
  return points;
}

std::vector<ThresholdPoint> threshold_curve(const std::vector<TieGroup>& ranking, int64_t num_steps) {
  const TargetWeights all = weights_of(ranking);
  std::vector<ThresholdPoint> points(static_cast<size_t>(num_steps) + 1);
  Confusion counts;
  size_t next = 0;  // the first group that is not above the threshold
  for (int64_t step = num_steps; step >= 0; --step) {
    ThresholdPoint& point = points[static_cast<size_t>(step)];
    point.threshold = static_cast<double>(step) / static_cast<double>(num_steps);
    for (; next < ranking.size() && is_positive(ranking[next].logit, point.threshold); ++next) {
      counts.true_positives += ranking[next].positive;
      counts.false_positives += ranking[next].negative;
    }
    counts.false_negatives = all.positive - counts.true_positives;
    point.precision = precision(counts).value;
    point.recall = recall(counts).value;
    point.f1 = f_score(counts, 1).value;
  }
  return points;
}

}  // namespace bernoulli

#include "metrics/ranking.h"

#include <algorithm>

namespace bernoulli {

std::vector<TieGroup> rank_by_logit(ScoredExamples examples) {
  std::vector<ScoredExample> sorted(examples.begin(), examples.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const ScoredExample& a, const ScoredExample& b) { return a.logit > b.logit; });
  std::vector<TieGroup> ranking;
  ranking.reserve(sorted.size());
  for (const ScoredExample& example : sorted) {
    if (ranking.empty() || ranking.back().logit != example.logit) ranking.push_back({.logit = example.logit});
    (example.target ? ranking.back().positive : ranking.back().negative) += example.weight;
  }
  return ranking;
}

void RocAuc::add(const TieGroup& group) {
  won_ += group.negative * (positives_ + group.positive / 2);
  positives_ += group.positive;
  negatives_ += group.negative;
}

MetricValue RocAuc::value() const { return ratio(won_, positives_ * negatives_, "only one class"); }

MetricValue roc_auc(const std::vector<TieGroup>& ranking) {
  RocAuc area;
  for (const TieGroup& group : ranking) area.add(group);
  return area.value();
}

MetricValue average_precision(const std::vector<TieGroup>& ranking) {
  double positives = 0, total = 0, area = 0;
  for (const TieGroup& group : ranking) {
    positives += group.positive;
    total += group.positive + group.negative;
    if (group.positive > 0) area += group.positive * (positives / total);
  }
  return ratio(area, positives, "no positive example");
}

}  // namespace bernoulli

#include "metrics/ranked_decisions.h"

#include <algorithm>
#include <utility>

namespace bernoulli {

RankedDecisions::RankedDecisions(const std::vector<std::vector<ScoredExample>>& columns) {
  for (const ScoredExample& scored : columns[0]) examples_.push_back({scored.weight, {}});
  entries_.reserve(columns.size() * examples_.size());
  for (const std::vector<ScoredExample>& column : columns) {
    for (size_t i = 0; i < column.size(); ++i) {
      entries_.push_back({column[i].logit, static_cast<uint32_t>(i), column[i].target});
      ScoredExample one = column[i];
      one.weight = 1;
      examples_[i].counts += count_confusion({&one, 1});
    }
  }
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.logit > b.logit; });
}

std::vector<double> RankedDecisions::weights_of(const std::vector<uint32_t>& times) const {
  std::vector<double> weights(times.size());
  for (size_t i = 0; i < times.size(); ++i) weights[i] = examples_[i].weight * times[i];
  return weights;
}

Confusion RankedDecisions::counts_of(const std::vector<double>& weights) const {
  Confusion sum;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Confusion& counts = examples_[i].counts;
    sum.true_positives += weights[i] * counts.true_positives;
    sum.false_positives += weights[i] * counts.false_positives;
    sum.true_negatives += weights[i] * counts.true_negatives;
    sum.false_negatives += weights[i] * counts.false_negatives;
  }
  return sum;
}

// Whether an entry has weight is a coin's throw in every resample: nothing here branches on it.
template <typename Take>
void RankedDecisions::walk(const std::vector<double>& weights, Take take) const {
  TieGroup group;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const double weight = weights[entry.example];
    group.positive += entry.positive ? weight : 0;
    group.negative += entry.positive ? 0 : weight;
    if (i + 1 < entries_.size() && entries_[i + 1].logit == entry.logit) continue;
    group.logit = entry.logit;
    take(group);
    group = {};
  }
}

RankedDecisions::Weighed RankedDecisions::weigh(const std::vector<uint32_t>& times) const {
  const std::vector<double> weights = weights_of(times);
  std::vector<TieGroup> ranking(entries_.size());
  size_t size = 0;
  walk(weights, [&](const TieGroup& group) {
    ranking[size] = group;
    size += group.positive + group.negative > 0;
  });
  ranking.resize(size);
  return {counts_of(weights), std::move(ranking)};
}

RankedDecisions::Area RankedDecisions::area(const std::vector<uint32_t>& times) const {
  const std::vector<double> weights = weights_of(times);
  RocAuc roc_auc;
  walk(weights, [&](const TieGroup& group) { roc_auc.add(group); });
  return {counts_of(weights), roc_auc.value()};
}

}  // namespace bernoulli

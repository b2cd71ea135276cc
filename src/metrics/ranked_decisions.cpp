#include "metrics/ranked_decisions.h"

#include <algorithm>

namespace bernoulli {

RankedDecisions::RankedDecisions(const std::vector<std::vector<ScoredExample>>& columns) {
  for (const std::vector<ScoredExample>& column : columns) {
    for (size_t i = 0; i < column.size(); ++i) entries_.push_back({column[i], static_cast<uint32_t>(i)});
  }
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.scored.logit > b.scored.logit; });
}

template <typename Take>
Confusion RankedDecisions::walk(const std::vector<uint32_t>& times, Take take) const {
  Confusion counts;
  TieGroup group;
  const auto end_group = [&] {
    if (group.positive + group.negative > 0) take(group);
  };
  for (const Entry& entry : entries_) {
    const ScoredExample& scored = entry.scored;
    const double weight = scored.weight * times[entry.example];
    if (weight == 0) continue;
    if (group.logit != scored.logit) {
      end_group();
      group = {.logit = scored.logit};
    }
    if (scored.target) {
      group.positive += weight;
      (scored.predicted ? counts.true_positives : counts.false_negatives) += weight;
    } else {
      group.negative += weight;
      (scored.predicted ? counts.false_positives : counts.true_negatives) += weight;
    }
  }
  end_group();
  return counts;
}

RankedDecisions::Weighed RankedDecisions::weigh(const std::vector<uint32_t>& times) const {
  Weighed weighed;
  weighed.ranking.reserve(entries_.size());
  weighed.counts = walk(times, [&](const TieGroup& group) { weighed.ranking.push_back(group); });
  return weighed;
}

RankedDecisions::Area RankedDecisions::area(const std::vector<uint32_t>& times) const {
  RocAuc roc_auc;
  const Confusion counts = walk(times, [&](const TieGroup& group) { roc_auc.add(group); });
  return {counts, roc_auc.value()};
}

}  // namespace bernoulli

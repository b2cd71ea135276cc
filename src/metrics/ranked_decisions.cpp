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

RankedDecisions::Weighed RankedDecisions::weigh(const std::vector<uint32_t>& times) const {
  Weighed weighed;
  weighed.ranking.reserve(entries_.size());
  Confusion& counts = weighed.counts;
  for (const Entry& entry : entries_) {
    const ScoredExample& scored = entry.scored;
    const double weight = scored.weight * times[entry.example];
    if (weight == 0) continue;
    if (weighed.ranking.empty() || weighed.ranking.back().logit != scored.logit)
      weighed.ranking.push_back({.logit = scored.logit});
    TieGroup& group = weighed.ranking.back();
    if (scored.target) {
      group.positive += weight;
      (scored.predicted ? counts.true_positives : counts.false_negatives) += weight;
    } else {
      group.negative += weight;
      (scored.predicted ? counts.false_positives : counts.true_negatives) += weight;
    }
  }
  return weighed;
}

}  // namespace bernoulli

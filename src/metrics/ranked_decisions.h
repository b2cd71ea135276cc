#pragma once

#include <cstdint>
#include <vector>

#include "metrics/confusion.h"
#include "metrics/ranking.h"
#include "metrics/scored_example.h"

namespace bernoulli {

/// Decisions that are ranked once, and weighed anew for each resample of their examples.
class RankedDecisions {
 public:
  /// @param columns  one a label, of the same N examples. No logit is NaN.
  explicit RankedDecisions(const std::vector<std::vector<ScoredExample>>& columns);

  struct Weighed {
    Confusion counts;
    std::vector<TieGroup> ranking;  ///< of the decisions that have weight
  };
  /// Where example i counts `times[i]` times its weight. O(N * L).
  Weighed weigh(const std::vector<uint32_t>& times) const;

  struct Area {
    Confusion counts;
    MetricValue roc_auc;
  };
  /// The same, without keeping the ranking.
  Area area(const std::vector<uint32_t>& times) const;

 private:
  /// take(group) for each group of equal logits that has weight, by descending logit.
  template <typename Take>
  Confusion walk(const std::vector<uint32_t>& times, Take take) const;

  struct Entry {
    ScoredExample scored;
    uint32_t example;
  };
  std::vector<Entry> entries_;  ///< by descending logit
};

}  // namespace bernoulli

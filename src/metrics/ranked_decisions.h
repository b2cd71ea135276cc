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

 private:
  struct Entry {
    ScoredExample scored;
    uint32_t example;
  };
  std::vector<Entry> entries_;  ///< by descending logit
};

}  // namespace bernoulli

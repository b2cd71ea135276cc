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
  /// @param columns  one a label, of the same N examples; the decisions about an example have one weight. No
  ///     logit is NaN.
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
  struct Entry {
    float logit;
    uint32_t example;
    bool positive;
  };
  struct Example {
    double weight;
    Confusion counts;  ///< of its labels, each 1
  };

  std::vector<double> weights_of(const std::vector<uint32_t>& times) const;
  Confusion counts_of(const std::vector<double>& weights) const;
  /// take(group) for each group of equal logits, of weight or without, by descending logit.
  template <typename Take>
  void walk(const std::vector<double>& weights, Take take) const;

  std::vector<Entry> entries_;  ///< by descending logit
  std::vector<Example> examples_;
};

}  // namespace bernoulli

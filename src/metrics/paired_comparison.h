#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/bootstrap.h"
#include "metrics/decision.h"
#include "metrics/predictions.h"

namespace bernoulli {

/// The answers of one classifier to be compared with another's on the same examples.
struct PairedAnswers {
  Predictions predictions;
  const DecisionRule& rule;
};

/// second - first, on the same examples.
struct PairedDifference {
  std::string metric;
  std::optional<double> difference;
  Interval interval;  ///< of the difference over resamples; where there is no difference, its reason
};

struct PairedComparison {
  int64_t num_examples = 0;
  int64_t only_first_right = 0;  ///< an example is right where every label of it is
  int64_t only_second_right = 0;
  /// Of all N*L answers, those with the rarer target: what the resamples of f1 and roc_auc can vary.
  int64_t num_rarer = 0;
  double mcnemar_p = 1;                       ///< of these two; weights of examples do not count
  std::vector<PairedDifference> differences;  ///< f1 and roc_auc; multi-label micro_f1 and micro_roc_auc

  /// second - first share of right examples.
  double accuracy_difference() const;
  bool intervals_too_narrow() const { return num_rarer < kFewestForInterval; }
};

/// Each of the others against the first: McNemar's exact test on decisions, and a paired bootstrap:
/// kNumResamples times as many examples are drawn with replacement, the same ones for all. Resamples are
/// functions of `seed` alone. Where fewer than 95 of 100 have the metric, it gets no interval.
/// O(kNumResamples * N * L) of time and 8 N * L bytes a classifier.
/// @param progress  is given the number of each resample (0, 1, ...) before it is drawn
/// @throws InternalError where targets, weights or sizes are not those of the first; StopRequested
std::vector<PairedComparison> compare_paired(const PairedAnswers& first,
                                             std::span<const PairedAnswers> others, uint64_t seed,
                                             const std::function<void(int64_t)>& progress = nullptr);

}  // namespace bernoulli

#pragma once

#include <string>
#include <vector>

#include "metrics/probability_metrics.h"
#include "metrics/ranking.h"
#include "metrics/scored_example.h"
#include "report/plot.h"
#include "report/run_record.h"

namespace bernoulli::report {

/// All decisions, label by label, and of a label example by example.
std::vector<ScoredExample> all_decisions(const ScoredSplit& answers);

/// Empty where curves can be drawn.
std::string reason_without_curves(const Predictions& predictions);

/// One curve of a plot that may hold several. @param name  for the legend; empty: none
template <typename T>
struct NamedCurve {
  std::string name;
  const T* of;
};
using Rankings = std::vector<NamedCurve<std::vector<TieGroup>>>;

/// Straight from point to point, over the diagonal of guessing.
Plot roc_plot(const Rankings& rankings);
/// In steps, as average_precision adds them up.
Plot precision_recall_plot(const Rankings& rankings);
/// Mean probability and share of positives of each bin that holds something, over the diagonal of a
/// calibrated model.
Plot reliability_plot(const std::vector<NamedCurve<std::vector<CalibrationBin>>>& bins);

}  // namespace bernoulli::report

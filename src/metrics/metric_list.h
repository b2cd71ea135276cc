#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/run_config.h"
#include "metrics/confusion.h"
#include "metrics/ranking.h"
#include "metrics/report.h"
#include "metrics/scored_example.h"

/// The metrics of a task but its loss, by name, from the sums that they are made of.
namespace bernoulli {

/// Of one label's decisions, or of those of all labels together.
struct DecisionFigures {
  Confusion counts;
  std::vector<TieGroup> ranking;
  MetricValue log_loss, brier_score, expected_calibration_error;
};

/// Of whole examples of several labels.
struct ExampleFigures {
  MetricValue subset_accuracy, precision_at_1, jaccard, samples_f1;
};

/// Labels of one example: how many are both target and decision, and how many are either.
struct LabelOverlap {
  int64_t both = 0, either = 0;
  bool has_target = false;
  bool top_is_target = false;  ///< of the label with the highest logit, the first of equal ones

  bool is_right() const { return both == either; }
  /// 1 where there is neither.
  double jaccard() const {
    return either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either);
  }
  /// 0 where there is neither, as with scikit-learn's zero_division=0.
  double f1() const {
    return either == 0 ? 0.0 : 2 * static_cast<double>(both) / static_cast<double>(both + either);
  }
};
/// @param columns  one a label, of the same examples
LabelOverlap overlap_of(const std::vector<std::vector<ScoredExample>>& columns, size_t example);

/// What ExampleFigures are made of, example by example.
class ExampleSums {
 public:
  void add(const LabelOverlap& overlap, double weight);
  ExampleFigures figures() const;

 private:
  double total_ = 0, right_ = 0, jaccard_ = 0, f1_ = 0;
  double with_target_ = 0, top_is_target_ = 0;
};

NamedMetrics binary_metrics(const DecisionFigures& figures, const MetricsConfig& config);

/// @param per_label  binary_metrics of each label, of which the macro and weighted means are made
NamedMetrics multi_label_metrics(const DecisionFigures& pooled, const ExampleFigures& examples,
                                 const std::vector<std::pair<std::string, NamedMetrics>>& per_label);

}  // namespace bernoulli

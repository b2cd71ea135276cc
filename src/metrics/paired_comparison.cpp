#include "metrics/paired_comparison.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/error.h"
#include "core/stop.h"
#include "metrics/confusion.h"
#include "metrics/metric_list.h"
#include "metrics/ranked_decisions.h"
#include "metrics/ranking.h"
#include "metrics/scored_example.h"
#include "metrics/significance.h"
#include "metrics/target_counts.h"

namespace bernoulli {
namespace {

/// F1 and ROC AUC of a resample.
struct Figures {
  MetricValue f1, roc_auc;
};

/// The answers of a classifier: the examples that it has right, and all N*L decisions.
class Answers {
 public:
  explicit Answers(const PairedAnswers& answers) : Answers(score_labels(answers.predictions, answers.rule)) {}

  bool right(size_t example) const { return right_[example]; }

  /// Where example i counts `times[i]` times.
  Figures figures(const std::vector<uint32_t>& times) const {
    const RankedDecisions::Area area = decisions_.area(times);
    return {f_score(area.counts, 1), area.roc_auc};
  }

 private:
  explicit Answers(const std::vector<std::vector<ScoredExample>>& columns)
      : right_(columns[0].size()), decisions_(columns) {
    for (size_t i = 0; i < right_.size(); ++i) right_[i] = overlap_of(columns, i).is_right();
  }

  std::vector<bool> right_;
  RankedDecisions decisions_;
};

PairedDifference difference_of(std::string metric, const MetricValue& first, const MetricValue& second,
                               std::vector<double> resampled) {
  PairedDifference result;
  result.metric = std::move(metric);
  if (!first.value || !second.value) {
    result.interval.undefined_reason = first.value ? second.undefined_reason : first.undefined_reason;
    return result;
  }
  result.difference = *second.value - *first.value;
  result.interval = percentile_interval(std::move(resampled));
  return result;
}

void check_same_examples(const Predictions& first, const Predictions& second) {
  check_predictions(second);
  if (first.num_labels != second.num_labels || !std::ranges::equal(first.targets, second.targets) ||
      !std::ranges::equal(first.weights, second.weights))
    throw InternalError("a paired comparison needs the same examples twice");
}

/// All but the differences of figures.
PairedComparison compare_decisions(const Answers& a, const Answers& b, const Predictions& predictions) {
  PairedComparison comparison;
  comparison.num_examples = predictions.size();
  for (size_t i = 0; i < static_cast<size_t>(comparison.num_examples); ++i) {
    comparison.only_first_right += a.right(i) && !b.right(i);
    comparison.only_second_right += b.right(i) && !a.right(i);
  }
  const TargetCounts all = count_targets(predictions.targets, 1).front();
  comparison.num_rarer = std::min(all.positive, all.negative);
  comparison.mcnemar_p = mcnemar_p(comparison.only_first_right, comparison.only_second_right);
  return comparison;
}

}  // namespace

double PairedComparison::accuracy_difference() const {
  return num_examples == 0
             ? 0.0
             : static_cast<double>(only_second_right - only_first_right) / static_cast<double>(num_examples);
}

std::vector<PairedComparison> compare_paired(const PairedAnswers& first,
                                             std::span<const PairedAnswers> others, uint64_t seed,
                                             const std::function<void(int64_t)>& progress) {
  const auto num_examples = static_cast<size_t>(first.predictions.size());
  check_predictions(first.predictions);
  const Answers a(first);
  std::vector<Answers> answers;
  std::vector<PairedComparison> comparisons;
  for (const PairedAnswers& other : others) {
    throw_if_stopped();
    check_same_examples(first.predictions, other.predictions);
    comparisons.push_back(compare_decisions(a, answers.emplace_back(other), first.predictions));
  }
  struct Resampled {
    std::vector<double> f1, roc_auc;
  };
  std::vector<Resampled> resampled(others.size());
  for (int64_t resample = 0; resample < kNumResamples && num_examples > 0 && !others.empty(); ++resample) {
    if (progress) progress(resample);
    const std::vector<uint32_t> times = draw_resample(num_examples, seed, resample);
    const Figures of_a = a.figures(times);
    for (size_t i = 0; i < others.size(); ++i) {
      throw_if_stopped();
      const Figures of_b = answers[i].figures(times);
      if (of_a.f1.value && of_b.f1.value) resampled[i].f1.push_back(*of_b.f1.value - *of_a.f1.value);
      if (of_a.roc_auc.value && of_b.roc_auc.value)
        resampled[i].roc_auc.push_back(*of_b.roc_auc.value - *of_a.roc_auc.value);
    }
  }
  const std::vector<uint32_t> once(num_examples, 1);
  const Figures of_a = a.figures(once);
  const std::string prefix = first.predictions.num_labels == 1 ? "" : "micro_";
  for (size_t i = 0; i < others.size(); ++i) {
    const Figures of_b = answers[i].figures(once);
    comparisons[i].differences = {
        difference_of(prefix + "f1", of_a.f1, of_b.f1, std::move(resampled[i].f1)),
        difference_of(prefix + "roc_auc", of_a.roc_auc, of_b.roc_auc, std::move(resampled[i].roc_auc))};
  }
  return comparisons;
}

}  // namespace bernoulli

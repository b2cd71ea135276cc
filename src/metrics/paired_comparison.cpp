#include "metrics/paired_comparison.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/stop.h"
#include "metrics/confusion.h"
#include "metrics/ranking.h"
#include "metrics/scored_example.h"
#include "metrics/significance.h"
#include "metrics/target_counts.h"

namespace bernoulli {
namespace {

/// All N*L decisions of a classifier, by descending logit, to be weighed anew for each resample.
class Answers {
 public:
  explicit Answers(const PairedAnswers& answers)
      : right_(static_cast<size_t>(answers.predictions.size()), true) {
    for (int64_t label = 0; label < answers.predictions.num_labels; ++label) {
      const auto& thresholds = answers.thresholds;
      const double threshold =
          thresholds.size() == 1 ? thresholds[0] : thresholds[static_cast<size_t>(label)];
      const std::vector<ScoredExample> column = score_label(answers.predictions, label, threshold);
      for (size_t i = 0; i < column.size(); ++i) {
        right_[i] = right_[i] && column[i].target == column[i].predicted;
        entries_.push_back({column[i], static_cast<uint32_t>(i)});
      }
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.scored.logit > b.scored.logit; });
  }

  bool right(size_t example) const { return right_[example]; }

  /// F1 and ROC AUC where example i counts `times[i]` times.
  struct Figures {
    MetricValue f1, roc_auc;
  };
  Figures figures(const std::vector<uint32_t>& times) const {
    Confusion counts;
    std::vector<TieGroup> ranking;
    for (const Entry& entry : entries_) {
      const double weight = entry.scored.weight * times[entry.example];
      if (weight == 0) continue;
      if (ranking.empty() || ranking.back().logit != entry.scored.logit)
        ranking.push_back({.logit = entry.scored.logit});
      (entry.scored.target ? ranking.back().positive : ranking.back().negative) += weight;
      if (entry.scored.predicted)
        (entry.scored.target ? counts.true_positives : counts.false_positives) += weight;
      else if (entry.scored.target)
        counts.false_negatives += weight;
    }
    return {f_score(counts, 1), roc_auc(ranking)};
  }

 private:
  struct Entry {
    ScoredExample scored;
    uint32_t example;
  };
  std::vector<bool> right_;
  std::vector<Entry> entries_;
};

PairedDifference difference_of(std::string metric, const MetricValue& first, const MetricValue& second,
                               std::vector<double> resampled) {
  PairedDifference result;
  result.metric = std::move(metric);
  if (!first.value || !second.value) {
    result.undefined_reason = first.value ? second.undefined_reason : first.undefined_reason;
    return result;
  }
  result.difference = *second.value - *first.value;
  Interval interval = percentile_interval(std::move(resampled));
  result.low = interval.low;
  result.high = interval.high;
  result.undefined_reason = std::move(interval.undefined_reason);
  return result;
}

void check_same_examples(const Predictions& first, const Predictions& second) {
  check_predictions(first);
  check_predictions(second);
  if (first.num_labels != second.num_labels || !std::ranges::equal(first.targets, second.targets) ||
      !std::ranges::equal(first.weights, second.weights))
    throw InternalError("a paired comparison needs the same examples twice");
}

}  // namespace

double PairedComparison::accuracy_difference() const {
  return num_examples == 0
             ? 0.0
             : static_cast<double>(only_second_right - only_first_right) / static_cast<double>(num_examples);
}

PairedComparison compare_paired(const PairedAnswers& first, const PairedAnswers& second, uint64_t seed) {
  check_same_examples(first.predictions, second.predictions);
  const Answers a(first), b(second);
  PairedComparison comparison;
  comparison.num_examples = first.predictions.size();
  const auto num_examples = static_cast<size_t>(comparison.num_examples);
  for (size_t i = 0; i < num_examples; ++i) {
    comparison.only_first_right += a.right(i) && !b.right(i);
    comparison.only_second_right += b.right(i) && !a.right(i);
  }
  const TargetCounts all = count_targets(first.predictions.targets, 1).front();
  comparison.num_rarer = std::min(all.positive, all.negative);
  comparison.mcnemar_p = mcnemar_p(comparison.only_first_right, comparison.only_second_right);

  std::vector<double> f1, roc_auc;
  for (int64_t i = 0; i < kNumResamples && num_examples > 0; ++i) {
    throw_if_stopped();
    const std::vector<uint32_t> times = draw_resample(num_examples, seed, i);
    const Answers::Figures of_a = a.figures(times), of_b = b.figures(times);
    if (of_a.f1.value && of_b.f1.value) f1.push_back(*of_b.f1.value - *of_a.f1.value);
    if (of_a.roc_auc.value && of_b.roc_auc.value)
      roc_auc.push_back(*of_b.roc_auc.value - *of_a.roc_auc.value);
  }
  const std::vector<uint32_t> once(num_examples, 1);
  const Answers::Figures of_a = a.figures(once), of_b = b.figures(once);
  const std::string prefix = first.predictions.num_labels == 1 ? "" : "micro_";
  comparison.differences = {
      difference_of(prefix + "f1", of_a.f1, of_b.f1, std::move(f1)),
      difference_of(prefix + "roc_auc", of_a.roc_auc, of_b.roc_auc, std::move(roc_auc))};
  return comparison;
}

}  // namespace bernoulli

#include "metrics/paired_comparison.h"

#include <algorithm>
#include <functional>
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

/// F1 and ROC AUC of a resample.
struct Figures {
  MetricValue f1, roc_auc;
};

/// All N*L decisions of a classifier, by descending logit, to be weighed anew for each resample.
class Answers {
 public:
  explicit Answers(const PairedAnswers& answers);

  bool right(size_t example) const { return right_[example]; }
  /// @param weights  of the N examples
  Figures figures(const std::vector<double>& weights) const;

 private:
  /// There are N*L of them in each classifier, which are read once a resample: 8 bytes.
  struct Entry {
    uint32_t example;
    bool target, predicted;
    bool begins_group;  ///< its logit is another than that of the entry before
  };
  std::vector<bool> right_;
  std::vector<Entry> entries_;
};

Answers::Answers(const PairedAnswers& answers)
    : right_(static_cast<size_t>(answers.predictions.size()), true) {
  struct Scored {
    float logit;
    Entry entry;
  };
  std::vector<Scored> scored;
  scored.reserve(answers.predictions.logits.size());
  for (int64_t label = 0; label < answers.predictions.num_labels; ++label) {
    const auto& thresholds = answers.thresholds;
    const double threshold = thresholds.size() == 1 ? thresholds[0] : thresholds[static_cast<size_t>(label)];
    const std::vector<ScoredExample> column = score_label(answers.predictions, label, threshold);
    for (size_t i = 0; i < column.size(); ++i) {
      const ScoredExample& one = column[i];
      right_[i] = right_[i] && one.target == one.predicted;
      scored.push_back({one.logit, {static_cast<uint32_t>(i), one.target, one.predicted, false}});
    }
  }
  std::ranges::stable_sort(scored, std::ranges::greater(), &Scored::logit);
  entries_.reserve(scored.size());
  for (size_t i = 0; i < scored.size(); ++i) {
    entries_.push_back(scored[i].entry);
    entries_.back().begins_group = i > 0 && scored[i].logit != scored[i - 1].logit;
  }
}

Figures Answers::figures(const std::vector<double>& weights) const {
  Confusion counts;
  RocAuc area;
  TieGroup group;
  for (const Entry& entry : entries_) {
    if (entry.begins_group) area.add(std::exchange(group, {}));
    const double weight = weights[entry.example];
    (entry.target ? group.positive : group.negative) += weight;
    if (entry.predicted)
      (entry.target ? counts.true_positives : counts.false_positives) += weight;
    else if (entry.target)
      counts.false_negatives += weight;
  }
  area.add(group);
  return {f_score(counts, 1), area.value()};
}

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
  const std::span<const float> of_examples = first.predictions.weights;
  std::vector<double> weights(num_examples);
  const auto weigh = [&](const std::vector<uint32_t>& times) {
    for (size_t i = 0; i < num_examples; ++i)
      weights[i] = (of_examples.empty() ? 1.0 : of_examples[i]) * times[i];
  };
  for (int64_t resample = 0; resample < kNumResamples && num_examples > 0 && !others.empty(); ++resample) {
    if (progress) progress(resample);
    weigh(draw_resample(num_examples, seed, resample));
    const Figures of_a = a.figures(weights);
    for (size_t i = 0; i < others.size(); ++i) {
      throw_if_stopped();
      const Figures of_b = answers[i].figures(weights);
      if (of_a.f1.value && of_b.f1.value) resampled[i].f1.push_back(*of_b.f1.value - *of_a.f1.value);
      if (of_a.roc_auc.value && of_b.roc_auc.value)
        resampled[i].roc_auc.push_back(*of_b.roc_auc.value - *of_a.roc_auc.value);
    }
  }
  weigh(std::vector<uint32_t>(num_examples, 1));
  const Figures of_a = a.figures(weights);
  const std::string prefix = first.predictions.num_labels == 1 ? "" : "micro_";
  for (size_t i = 0; i < others.size(); ++i) {
    const Figures of_b = answers[i].figures(weights);
    comparisons[i].differences = {
        difference_of(prefix + "f1", of_a.f1, of_b.f1, std::move(resampled[i].f1)),
        difference_of(prefix + "roc_auc", of_a.roc_auc, of_b.roc_auc, std::move(resampled[i].roc_auc))};
  }
  return comparisons;
}

}  // namespace bernoulli

#include "metrics/metric_list.h"

#include <optional>

#include <fmt/format.h>

namespace bernoulli {
namespace {

/// Mean of a metric over the labels that have it, as scikit-learn's zero_division=nan does it.
MetricValue macro_mean(const std::vector<std::pair<std::string, NamedMetrics>>& per_label,
                       const std::string& name) {
  double sum = 0, count = 0;
  for (const auto& [label, metrics] : per_label) {
    for (const auto& [metric, value] : metrics) {
      if (metric != name || !value.value) continue;
      sum += *value.value;
      ++count;
    }
  }
  return ratio(sum, count, "undefined for every label");
}

/// Mean of f1 over the labels, each weighing as much as its positive examples: a label without an f1 has
/// none.
MetricValue weighted_f1(const std::vector<std::pair<std::string, NamedMetrics>>& per_label) {
  double sum = 0, total = 0;
  for (const auto& [label, metrics] : per_label) {
    double positives = 0;
    std::optional<double> f1;
    for (const auto& [metric, value] : metrics) {
      if (metric == "true_positives" || metric == "false_negatives") positives += *value.value;
      if (metric == "f1") f1 = value.value;
    }
    sum += positives * f1.value_or(0);
    total += positives;
  }
  return ratio(sum, total, "no positive example");
}

}  // namespace

LabelOverlap overlap_of(const std::vector<std::vector<ScoredExample>>& columns, size_t example) {
  LabelOverlap overlap;
  const ScoredExample* top = &columns[0][example];
  for (const std::vector<ScoredExample>& column : columns) {
    const ScoredExample& scored = column[example];
    overlap.both += scored.target && scored.predicted;
    overlap.either += scored.target || scored.predicted;
    overlap.has_target = overlap.has_target || scored.target;
    if (scored.logit > top->logit) top = &scored;
  }
  overlap.top_is_target = top->target;
  return overlap;
}

void ExampleSums::add(const LabelOverlap& overlap, double weight) {
  total_ += weight;
  right_ += overlap.is_right() ? weight : 0;
  jaccard_ += weight * overlap.jaccard();
  f1_ += weight * overlap.f1();
  with_target_ += overlap.has_target ? weight : 0;
  top_is_target_ += overlap.top_is_target ? weight : 0;
}

ExampleFigures ExampleSums::figures() const {
  return {.subset_accuracy = ratio(right_, total_, "no example"),
          .precision_at_1 = ratio(top_is_target_, with_target_, "no example with a label"),
          .jaccard = ratio(jaccard_, total_, "no example"),
          .samples_f1 = ratio(f1_, total_, "no example")};
}

NamedMetrics binary_metrics(const DecisionFigures& figures, const MetricsConfig& config) {
  const Confusion& counts = figures.counts;
  return {{"accuracy", accuracy(counts)},
          {"balanced_accuracy", balanced_accuracy(counts)},
          {"precision", precision(counts)},
          {"recall", recall(counts)},
          {"specificity", specificity(counts)},
          {"f1", f_score(counts, 1)},
          {"f_beta", f_score(counts, config.f_beta)},
          {"matthews_corrcoef", matthews_corrcoef(counts)},
          {"cohen_kappa", cohen_kappa(counts)},
          {"roc_auc", roc_auc(figures.ranking)},
          {"average_precision", average_precision(figures.ranking)},
          {"log_loss", figures.log_loss},
          {"brier_score", figures.brier_score},
          {"expected_calibration_error", figures.expected_calibration_error},
          {"true_positives", {counts.true_positives, ""}},
          {"false_positives", {counts.false_positives, ""}},
          {"true_negatives", {counts.true_negatives, ""}},
          {"false_negatives", {counts.false_negatives, ""}}};
}

NamedMetrics multi_label_metrics(const DecisionFigures& pooled, const ExampleFigures& examples,
                                 const std::vector<std::pair<std::string, NamedMetrics>>& per_label) {
  const Confusion& counts = pooled.counts;
  NamedMetrics metrics = {
      {"accuracy", accuracy(counts)},
      {"hamming_loss", ratio(counts.false_positives + counts.false_negatives, counts.total(), "no example")},
      {"subset_accuracy", examples.subset_accuracy},
      {"precision_at_1", examples.precision_at_1},
      {"jaccard", examples.jaccard},
      {"samples_f1", examples.samples_f1},
      {"micro_precision", precision(counts)},
      {"micro_recall", recall(counts)},
      {"micro_f1", f_score(counts, 1)},
      {"micro_roc_auc", roc_auc(pooled.ranking)},
      {"micro_average_precision", average_precision(pooled.ranking)}};
  for (const char* name : {"precision", "recall", "f1", "roc_auc", "average_precision"})
    metrics.emplace_back(fmt::format("macro_{}", name), macro_mean(per_label, name));
  metrics.emplace_back("weighted_f1", weighted_f1(per_label));
  metrics.emplace_back("log_loss", pooled.log_loss);
  metrics.emplace_back("brier_score", pooled.brier_score);
  metrics.emplace_back("expected_calibration_error", pooled.expected_calibration_error);
  return metrics;
}

}  // namespace bernoulli

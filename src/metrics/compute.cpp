#include "metrics/compute.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "config/metric_names.h"
#include "core/error.h"
#include "metrics/confusion.h"
#include "metrics/probability_metrics.h"
#include "metrics/ranking.h"
#include "metrics/scored_example.h"

namespace bernoulli {
namespace {

using LabelColumns = std::vector<std::vector<ScoredExample>>;

NamedMetrics binary_metrics(ScoredExamples examples, const MetricsConfig& config) {
  const Confusion counts = count_confusion(examples);
  const std::vector<TieGroup> ranking = rank_by_logit(examples);
  return {{"accuracy", accuracy(counts)},
          {"precision", precision(counts)},
          {"recall", recall(counts)},
          {"specificity", specificity(counts)},
          {"f1", f_score(counts, 1)},
          {"f_beta", f_score(counts, config.f_beta)},
          {"matthews_corrcoef", matthews_corrcoef(counts)},
          {"cohen_kappa", cohen_kappa(counts)},
          {"roc_auc", roc_auc(ranking)},
          {"average_precision", average_precision(ranking)},
          {"log_loss", log_loss(examples)},
          {"brier_score", brier_score(examples)},
          {"expected_calibration_error", expected_calibration_error(examples, config.calibration_bins)},
          {"true_positives", {counts.true_positives, ""}},
          {"false_positives", {counts.false_positives, ""}},
          {"true_negatives", {counts.true_negatives, ""}},
          {"false_negatives", {counts.false_negatives, ""}}};
}

/// Calls `add(intersection, union, weight)` with the label counts of each example.
template <typename Add>
void for_each_example(const LabelColumns& columns, const Add& add) {
  for (size_t i = 0; i < columns[0].size(); ++i) {
    int64_t both = 0, either = 0;
    for (const std::vector<ScoredExample>& column : columns) {
      both += column[i].target && column[i].predicted;
      either += column[i].target || column[i].predicted;
    }
    add(both, either, columns[0][i].weight);
  }
}

MetricValue subset_accuracy(const LabelColumns& columns) {
  double right = 0, total = 0;
  for_each_example(columns, [&](int64_t both, int64_t either, double weight) {
    if (both == either) right += weight;
    total += weight;
  });
  return ratio(right, total, "no example");
}

/// Mean over examples of |targets and predictions| / |targets or predictions|; 1 where both are empty.
MetricValue jaccard(const LabelColumns& columns) {
  double sum = 0, total = 0;
  for_each_example(columns, [&](int64_t both, int64_t either, double weight) {
    sum += weight * (either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either));
    total += weight;
  });
  return ratio(sum, total, "no example");
}

/// Mean of a metric over the labels that have it, as scikit-learn's zero_division=nan does it.
MetricValue macro_mean(const MetricReport& report, const std::string& name) {
  double sum = 0, count = 0;
  for (const auto& [label, metrics] : report.per_label) {
    for (const auto& [metric, value] : metrics) {
      if (metric != name || !value.value) continue;
      sum += *value.value;
      ++count;
    }
  }
  return ratio(sum, count, "undefined for every label");
}

void add_multi_label_metrics(const LabelColumns& columns, const MetricsConfig& config, MetricReport& report) {
  std::vector<ScoredExample> pooled;
  for (const std::vector<ScoredExample>& column : columns)
    pooled.insert(pooled.end(), column.begin(), column.end());
  const Confusion counts = count_confusion(pooled);
  const std::vector<TieGroup> ranking = rank_by_logit(pooled);
  NamedMetrics& metrics = report.metrics;
  metrics.emplace_back("accuracy", accuracy(counts));
  metrics.emplace_back("hamming_loss",
                       ratio(counts.false_positives + counts.false_negatives, counts.total(), "no example"));
  metrics.emplace_back("subset_accuracy", subset_accuracy(columns));
  metrics.emplace_back("jaccard", jaccard(columns));
  metrics.emplace_back("micro_precision", precision(counts));
  metrics.emplace_back("micro_recall", recall(counts));
  metrics.emplace_back("micro_f1", f_score(counts, 1));
  metrics.emplace_back("micro_roc_auc", roc_auc(ranking));
  metrics.emplace_back("micro_average_precision", average_precision(ranking));
  for (const char* name : {"precision", "recall", "f1", "roc_auc", "average_precision"}) {
    metrics.emplace_back(fmt::format("macro_{}", name), macro_mean(report, name));
  }
  metrics.emplace_back("log_loss", log_loss(pooled));
  metrics.emplace_back("brier_score", brier_score(pooled));
  metrics.emplace_back("expected_calibration_error",
                       expected_calibration_error(pooled, config.calibration_bins));
}

/// Why nothing can be said about these predictions; empty where something can.
std::string reason_without_metrics(const Predictions& predictions) {
  if (predictions.logits.empty()) return "no example";
  int64_t num_nan = 0;
  for (const float logit : predictions.logits) num_nan += std::isnan(logit);
  if (num_nan > 0) return fmt::format("{} of {} logits are not a number", num_nan, predictions.logits.size());
  double total = predictions.weights.empty() ? 1 : 0;
  for (const float weight : predictions.weights) total += double{weight};
  return total == 0 ? "the example weights sum to 0" : "";
}

void check_sizes(const Predictions& predictions, size_t num_thresholds, size_t num_names,
                 TaskConfig::Kind kind) {
  check_predictions(predictions);
  const auto num_labels = static_cast<size_t>(predictions.num_labels);
  const bool binary = kind == TaskConfig::Kind::kBinary;
  if ((num_thresholds != 1 && num_thresholds != num_labels) ||
      (binary ? num_labels != 1 : num_names != num_labels)) {
    throw InternalError(
        fmt::format("metrics: {} thresholds and {} names do not fit the {} labels of a {} task",
                    num_thresholds, num_names, num_labels, binary ? "binary" : "multi-label"));
  }
}

}  // namespace

MetricReport compute_metrics(const Predictions& predictions, const std::vector<double>& thresholds,
                             const MetricsConfig& config, const std::vector<std::string>& label_names,
                             TaskConfig::Kind kind, double loss) {
  check_sizes(predictions, thresholds.size(), label_names.size(), kind);
  MetricReport report{
      .num_examples = predictions.size(), .thresholds = thresholds, .metrics = {}, .per_label = {}};
  report.metrics.emplace_back("loss", finite_or_undefined(loss, "the loss is not finite"));
  const std::string reason = reason_without_metrics(predictions);
  if (!reason.empty()) {
    for (const std::string& name : config::metric_names(kind)) {
      if (name != "loss") report.metrics.emplace_back(name, undefined(reason));
    }
    return report;
  }
  LabelColumns columns;
  for (int64_t label = 0; label < predictions.num_labels; ++label) {
    const double threshold = thresholds.size() == 1 ? thresholds[0] : thresholds[static_cast<size_t>(label)];
    columns.push_back(score_label(predictions, label, threshold));
  }
  if (kind == TaskConfig::Kind::kBinary) {
    for (auto& metric : binary_metrics(columns[0], config)) report.metrics.push_back(std::move(metric));
    return report;
  }
  for (size_t label = 0; label < columns.size(); ++label) {
    report.per_label.emplace_back(label_names[label], binary_metrics(columns[label], config));
  }
  add_multi_label_metrics(columns, config, report);
  return report;
}

}  // namespace bernoulli

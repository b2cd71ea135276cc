#include "metrics/compute.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "config/metric_facts.h"
#include "core/error.h"
#include "metrics/confusion.h"
#include "metrics/metric_list.h"
#include "metrics/probability_metrics.h"
#include "metrics/ranking.h"
#include "metrics/scored_example.h"
#include "metrics/target_counts.h"

namespace bernoulli {
namespace {

DecisionFigures figures_of(ScoredExamples examples, const MetricsConfig& config) {
  return {.counts = count_confusion(examples),
          .ranking = rank_by_logit(examples),
          .log_loss = log_loss(examples),
          .brier_score = brier_score(examples),
          .expected_calibration_error = expected_calibration_error(examples, config.calibration_bins)};
}

ExampleFigures example_figures(const std::vector<std::vector<ScoredExample>>& columns) {
  ExampleSums sums;
  for (size_t i = 0; i < columns[0].size(); ++i) sums.add(overlap_of(columns, i), columns[0][i].weight);
  return sums.figures();
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

void check_sizes(const Predictions& predictions, const DecisionRule& rule, size_t num_names,
                 TaskConfig::Kind kind) {
  check_predictions(predictions);
  const auto num_labels = static_cast<size_t>(predictions.num_labels);
  const size_t num_thresholds = rule.thresholds().size();
  const bool binary = kind == TaskConfig::Kind::kBinary;
  if ((binary && rule.takes_highest()) ||
      (!rule.takes_highest() && num_thresholds != 1 && num_thresholds != num_labels) ||
      (binary ? num_labels != 1 : num_names != num_labels)) {
    throw InternalError(
        fmt::format("metrics: {} thresholds and {} names do not fit the {} labels of a {} task",
                    num_thresholds, num_names, num_labels, binary ? "binary" : "multi-label"));
  }
}

}  // namespace

MetricReport compute_metrics(const Predictions& predictions, const DecisionRule& rule,
                             const MetricsConfig& config, const std::vector<std::string>& label_names,
                             TaskConfig::Kind kind, double loss) {
  check_sizes(predictions, rule, label_names.size(), kind);
  MetricReport report{.num_examples = predictions.size(), .rule = rule, .metrics = {}, .per_label = {}};
  report.metrics.emplace_back("loss", finite_or_undefined(loss, "the loss is not finite"));
  const std::string reason = reason_without_metrics(predictions);
  if (!reason.empty()) {
    for (const std::string& name : metric_names(kind)) {
      if (name != "loss") report.metrics.emplace_back(name, undefined(reason));
    }
    return report;
  }
  const std::vector<std::vector<ScoredExample>> columns = score_labels(predictions, rule);
  const auto add = [&](NamedMetrics metrics) {
    for (auto& metric : metrics) report.metrics.push_back(std::move(metric));
  };
  if (kind == TaskConfig::Kind::kBinary) {
    add(binary_metrics(figures_of(columns[0], config), config));
    return report;
  }
  std::vector<ScoredExample> pooled;
  for (size_t label = 0; label < columns.size(); ++label) {
    report.per_label.emplace_back(label_names[label],
                                  binary_metrics(figures_of(columns[label], config), config));
    pooled.insert(pooled.end(), columns[label].begin(), columns[label].end());
  }
  add(multi_label_metrics(figures_of(pooled, config), example_figures(columns), report.per_label));
  report.one_label_each =
      has_one_label_each(predictions.targets, predictions.weights, predictions.num_labels);
  return report;
}

NamedMetrics top_metrics(const Predictions& predictions, int64_t k) {
  const std::string precision = fmt::format("precision_at_{}", k), recall = fmt::format("recall_at_{}", k);
  if (const std::string reason = reason_without_metrics(predictions); !reason.empty())
    return {{precision, undefined(reason)}, {recall, undefined(reason)}};
  const auto width = static_cast<size_t>(predictions.num_labels);
  std::vector<size_t> labels(width);
  double right = 0, given = 0, there = 0;
  for (size_t i = 0; i < static_cast<size_t>(predictions.size()); ++i) {
    const double weight = predictions.weights.empty() ? 1 : predictions.weights[i];
    const std::span<const float> logits = predictions.logits.subspan(i * width, width);
    const std::span<const float> targets = predictions.targets.subspan(i * width, width);
    const auto num_targets = static_cast<double>(std::ranges::count(targets, 1.0f));
    if (num_targets == 0) continue;
    std::iota(labels.begin(), labels.end(), size_t{0});
    const auto top = labels.begin() + k;
    std::partial_sort(labels.begin(), top, labels.end(), [&](size_t a, size_t b) {
      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
    });
    right += weight * static_cast<double>(std::count_if(labels.begin(), top,
                                                        [&](size_t label) { return targets[label] == 1; }));
    given += weight * static_cast<double>(k);
    there += weight * num_targets;
  }
  const char* none = "no example with a label";
  return {{precision, ratio(right, given, none)}, {recall, ratio(right, there, none)}};
}

}  // namespace bernoulli

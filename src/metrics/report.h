#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "metrics/decision.h"

namespace bernoulli {

/// A metric's value, always finite, or why it has none.
struct MetricValue {
  std::optional<double> value;
  std::string undefined_reason;
};

/// Metrics by name, in documentation order.
using NamedMetrics = std::vector<std::pair<std::string, MetricValue>>;

/// Metrics of a set.
struct MetricReport {
  int64_t num_examples = 0;
  DecisionRule rule;  ///< of its decisions
  NamedMetrics metrics;
  std::vector<std::pair<std::string, NamedMetrics>> per_label;  ///< multi-label only
  /// Each example has one of three labels or more: precision_at_1 is what is called accuracy elsewhere.
  bool one_label_each = false;

  /// Null pointer if there is no such metric.
  const MetricValue* find(const std::string& name) const;
};

/// {"accuracy": 0.9, ...}: whole counts as whole numbers, null where a metric is undefined.
nlohmann::ordered_json to_json(const NamedMetrics& metrics);

/// The JSON contract of `evaluate --json`: {"num_examples","threshold","metrics","undefined","per_label"}.
/// "threshold" is a number where all labels share it, else one a label, or "highest". Undefined metrics are
/// null, their reasons stand in "undefined" under the metric's name, or under "per_label.NAME.METRIC". Where
/// each example has one of three labels or more there is "one_label_each": true.
nlohmann::ordered_json to_json(const MetricReport& report);

/// The metrics that say most of a part of the data, of either task: a report has those of its own.
inline constexpr std::array<const char*, 10> kSliceMetrics = {
    "precision_at_1", "accuracy", "precision", "recall",        "f1",
    "roc_auc",        "micro_f1", "macro_f1",  "micro_roc_auc", "log_loss"};

/// Reports of parts of a data set.
struct SlicedReport {
  std::string by;  ///< what tells the parts apart
  std::vector<std::pair<std::string, MetricReport>> slices;
};

struct MetricIntervals;

/// "accuracy", or "precision_at_1" where each example has one of three labels or more.
/// @param report  to_json of a MetricReport
const char* headline_metric(const nlohmann::ordered_json& report);
/// The same of the figures without a model, which have precision_at_1 only there.
/// @param baseline  "baseline" of a run's summary
const char* baseline_metric(const nlohmann::ordered_json& baseline);

/// A table for people: one metric a line, with its interval where there are `intervals`, then one label a
/// line. precision_at_1 stands before accuracy where each example has one of three labels or more.
std::string to_table(const MetricReport& report, const MetricIntervals* intervals = nullptr);

/// One slice a line, with kSliceMetrics.
std::string to_table(const SlicedReport& sliced);

}  // namespace bernoulli

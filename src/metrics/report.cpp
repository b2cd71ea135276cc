#include "metrics/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/shallow_json.h"
#include "core/text_table.h"
#include "metrics/metric_intervals.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

/// Counts print as whole numbers; they have a fraction only where examples have weights.
Json number(const std::string& name, double value) {
  const bool count = name.ends_with("_positives") || name.ends_with("_negatives");
  if (count && value == std::floor(value) && value < 0x1p53) return static_cast<int64_t>(value);
  return value;
}

void add_undefined(const NamedMetrics& metrics, const std::string& prefix, Json& undefined) {
  for (const auto& [name, metric] : metrics) {
    if (!metric.value) add_member(undefined, prefix + name, metric.undefined_reason);
  }
}

std::string cell(const MetricValue& metric) {
  return metric.value ? fmt::format("{:.6g}", *metric.value) : std::string("-");
}

std::string interval_cell(const MetricInterval& of) {
  const Interval& interval = of.interval;
  if (!interval.low) return fmt::format("  no interval ({})", interval.undefined_reason);
  return fmt::format("  95 % interval {:.4g} to {:.4g}{}", *interval.low, *interval.high,
                     of.exact ? fmt::format(" (exact, of {})", of.num_answers) : "");
}

constexpr std::array<const char*, 5> kLabelColumns = {"precision", "recall", "f1", "roc_auc",
                                                      "average_precision"};

const MetricValue& of(const NamedMetrics& metrics, std::string_view name) {
  return std::ranges::find(metrics, name, &NamedMetrics::value_type::first)->second;
}

std::string label_table(const MetricReport& report) {
  TextColumn labels{"label", true, {}}, positives{"positives", false, {}}, thresholds{"threshold", false, {}};
  const bool shows_thresholds = report.rule.thresholds().size() > 1;
  std::vector<TextColumn> figures;
  for (const char* name : kLabelColumns) figures.push_back({name, false, {}});
  for (size_t i = 0; i < report.per_label.size(); ++i) {
    const auto& [label, metrics] = report.per_label[i];
    labels.cells.push_back(label);
    positives.cells.push_back(
        cell({*of(metrics, "true_positives").value + *of(metrics, "false_negatives").value, ""}));
    if (shows_thresholds) thresholds.cells.push_back(fmt::format("{:.6g}", report.rule.threshold(i)));
    for (TextColumn& column : figures) column.cells.push_back(cell(of(metrics, column.name)));
  }
  std::vector<TextColumn> columns = {labels, positives};
  if (shows_thresholds) columns.push_back(thresholds);
  columns.insert(columns.end(), figures.begin(), figures.end());
  return "\n" + text_table(columns);
}

/// Where each example has one label, the share of right yes-or-no answers is not what is looked for first.
NamedMetrics in_shown_order(const MetricReport& report) {
  NamedMetrics metrics = report.metrics;
  if (!report.one_label_each) return metrics;
  const auto place_of = [&](std::string_view name) {
    return std::ranges::find(metrics, name, &NamedMetrics::value_type::first);
  };
  const auto top = place_of("precision_at_1");
  std::rotate(place_of("accuracy"), top, top + 1);
  return metrics;
}

constexpr size_t kShownName = 60;  ///< columns of the screen, of a slice

}  // namespace

const MetricValue* MetricReport::find(const std::string& name) const {
  for (const auto& [metric, value] : metrics) {
    if (metric == name) return &value;
  }
  return nullptr;
}

Json to_json(const NamedMetrics& metrics) {
  Json values = Json::object();
  for (const auto& [name, metric] : metrics)
    add_member(values, name, metric.value ? number(name, *metric.value) : Json(nullptr));
  return values;
}

Json to_json(const MetricReport& report) {
  Json undefined = Json::object();
  Json object = {{"num_examples", report.num_examples}};
  if (report.one_label_each) object["one_label_each"] = true;
  object["threshold"] =
      report.rule.has_one_threshold() ? Json(report.rule.threshold(0)) : to_json(report.rule);
  object["metrics"] = to_json(report.metrics);
  add_undefined(report.metrics, "", undefined);
  Json per_label = Json::object();
  for (const auto& [label, metrics] : report.per_label) {
    add_member(per_label, label, to_json(metrics));
    add_undefined(metrics, fmt::format("per_label.{}.", label), undefined);
  }
  object["undefined"] = std::move(undefined);
  if (!report.per_label.empty()) object["per_label"] = std::move(per_label);
  return object;
}

const char* headline_metric(const Json& report) {
  return report.value("one_label_each", false) ? "precision_at_1" : "accuracy";
}

const char* baseline_metric(const Json& baseline) {
  return baseline.contains("precision_at_1") ? "precision_at_1" : "accuracy";
}

std::string to_table(const MetricReport& report, const MetricIntervals* intervals) {
  constexpr int kNameWidth = 28;
  std::string table = fmt::format("{:<{}}{}\n", "examples", kNameWidth, report.num_examples);
  if (report.rule.has_one_threshold())
    table += fmt::format("{:<{}}{:.6g}\n", "threshold", kNameWidth, report.rule.threshold(0));
  else if (report.rule.takes_highest())
    table += fmt::format("{:<{}}highest\n", "threshold", kNameWidth);
  for (const auto& [name, metric] : in_shown_order(report)) {
    table += fmt::format("{:<{}}{}", name, kNameWidth, cell(metric));
    const MetricInterval* found = intervals == nullptr ? nullptr : intervals->find(name);
    if (!metric.value)
      table += fmt::format("  ({})", metric.undefined_reason);
    else if (found != nullptr)
      table += interval_cell(*found);
    table += '\n';
  }
  return report.per_label.empty() ? table : table + label_table(report);
}

std::string to_table(const SlicedReport& sliced) {
  TextColumn names{sliced.by, true, {}}, examples{"examples", false, {}};
  for (const auto& [name, report] : sliced.slices) {
    const std::string_view shown = cut_to_width(name, kShownName);
    names.cells.push_back(name.empty() ? "(empty)"
                                       : std::string(shown) + (shown.size() < name.size() ? "…" : ""));
    examples.cells.push_back(fmt::format("{}", report.num_examples));
  }
  std::vector<TextColumn> columns = {names, examples};
  for (const char* metric : kSliceMetrics) {
    TextColumn column{metric, false, {}};
    for (const auto& [name, report] : sliced.slices) {
      if (const MetricValue* value = report.find(metric)) column.cells.push_back(cell(*value));
    }
    if (!column.cells.empty()) columns.push_back(std::move(column));
  }
  return text_table(columns);
}

}  // namespace bernoulli

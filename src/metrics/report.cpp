#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "metrics/metrics.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

/// Counts print as whole numbers; they have a fraction only where examples have weights.
Json number(const std::string& name, double value) {
  const bool count = name.ends_with("_positives") || name.ends_with("_negatives");
  if (count && value == std::floor(value) && value < 0x1p53) return static_cast<int64_t>(value);
  return value;
}

Json values_of(const NamedMetrics& metrics, const std::string& prefix, Json& undefined) {
  Json values = Json::object();
  for (const auto& [name, metric] : metrics) {
    values[name] = metric.value ? number(name, *metric.value) : Json(nullptr);
    if (!metric.value) undefined[prefix + name] = metric.undefined_reason;
  }
  return values;
}

bool all_equal(const std::vector<double>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

/// A label name may come from anyone's data: control bytes could drive the terminal.
std::string printable(std::string name) {
  for (char& byte : name) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = '?';
  }
  return name;
}

std::string cell(const MetricValue& metric) {
  return metric.value ? fmt::format("{:.6g}", *metric.value) : std::string("-");
}

constexpr std::array<const char*, 5> kLabelColumns = {"precision", "recall", "f1", "roc_auc",
                                                      "average_precision"};

std::string label_table(const MetricReport& report) {
  size_t width = std::string_view("label").size();
  for (const auto& [label, metrics] : report.per_label) width = std::max(width, label.size());
  std::string table = fmt::format("\n{:<{}}", "label", width);
  if (report.thresholds.size() > 1) table += fmt::format("  {:>12}", "threshold");
  for (const char* name : kLabelColumns) table += fmt::format("  {:>12}", name);
  table += "\n";
  for (size_t i = 0; i < report.per_label.size(); ++i) {
    const auto& [label, metrics] = report.per_label[i];
    table += fmt::format("{:<{}}", printable(label), width);
    if (report.thresholds.size() > 1) table += fmt::format("  {:>12.6g}", report.thresholds[i]);
    for (const char* name : kLabelColumns) {
      const auto metric =
          std::find_if(metrics.begin(), metrics.end(), [&](const auto& m) { return m.first == name; });
      table +=
          fmt::format("  {:>{}}", cell(metric->second), std::max<size_t>(12, std::string_view(name).size()));
    }
    table += "\n";
  }
  return table;
}

}  // namespace

const MetricValue* MetricReport::find(const std::string& name) const {
  for (const auto& [metric, value] : metrics) {
    if (metric == name) return &value;
  }
  return nullptr;
}

Json to_json(const MetricReport& report) {
  Json undefined = Json::object();
  Json object = {{"num_examples", report.num_examples}};
  object["threshold"] = !report.thresholds.empty() && all_equal(report.thresholds)
                            ? Json(report.thresholds[0])
                            : Json(report.thresholds);
  object["metrics"] = values_of(report.metrics, "", undefined);
  Json per_label = Json::object();
  for (const auto& [label, metrics] : report.per_label) {
    per_label[label] = values_of(metrics, fmt::format("per_label.{}.", label), undefined);
  }
  object["undefined"] = undefined;
  if (!report.per_label.empty()) object["per_label"] = per_label;
  return object;
}

std::string to_table(const MetricReport& report) {
  constexpr int kNameWidth = 28;
  std::string table = fmt::format("{:<{}}{}\n", "examples", kNameWidth, report.num_examples);
  if (!report.thresholds.empty() && all_equal(report.thresholds)) {
    table += fmt::format("{:<{}}{:.6g}\n", "threshold", kNameWidth, report.thresholds[0]);
  }
  for (const auto& [name, metric] : report.metrics) {
    table += fmt::format("{:<{}}{}", name, kNameWidth, cell(metric));
    table += metric.value ? "\n" : fmt::format("  ({})\n", metric.undefined_reason);
  }
  return report.per_label.empty() ? table : table + label_table(report);
}

}  // namespace bernoulli

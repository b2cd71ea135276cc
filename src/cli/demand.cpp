#include "cli/demand.h"

#include <set>
#include <vector>

#include <fmt/format.h>

#include "core/name_list.h"

namespace bernoulli::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The fit adds weights in another order than the metrics do.
bool meets(double value, double demand) { return value >= demand - 1e-9; }

/// "3 of 30": what a precision or recall is made of.
std::string counts(const Json& metrics, const std::string& name) {
  const char* const others = name == "precision" ? "false_positives" : "false_negatives";
  const auto hits = metrics.at("true_positives").get<double>();
  return fmt::format("{:.6g} of {:.6g}", hits, hits + metrics.at(others).get<double>());
}

std::string figure(const Json& metrics, const std::string& name) {
  const Json& value = metrics.at(name);
  return value.is_null() ? fmt::format("  {} undefined", name)
                         : fmt::format("  {} {:.4f}", name, value.get<double>());
}

std::string counted_figure(const Json& metrics, const std::string& name) {
  const std::string shown = figure(metrics, name);
  return metrics.at(name).is_null() ? shown : fmt::format("{} ({})", shown, counts(metrics, name));
}

std::string binary_figures(const Json& metrics, const std::string& metric, double demand) {
  std::string line = counted_figure(metrics, "precision") + counted_figure(metrics, "recall");
  if (metrics.at(metric).is_number() && !meets(metrics[metric].get<double>(), demand))
    line += "  (less than demanded)";
  return line;
}

/// Labels without a fitted threshold, of which nothing was demanded, do not count.
std::string label_figures(const Json& figures, const std::set<std::string>& not_fitted,
                          const std::string& metric, double demand) {
  size_t fitted = 0, met = 0;
  std::vector<std::string> less, without;
  for (const auto& [label, metrics] : figures.at("per_label").items()) {
    if (not_fitted.contains(label)) continue;
    ++fitted;
    const Json& value = metrics.at(metric);
    if (value.is_null()) {
      without.push_back(fmt::format("'{}'", label));
    } else if (meets(value.get<double>(), demand)) {
      ++met;
    } else {
      less.push_back(fmt::format("'{}' ({:.4f}, {})", label, value.get<double>(), counts(metrics, metric)));
    }
  }
  std::string line = figure(figures["metrics"], "macro_precision") +
                     figure(figures["metrics"], "macro_recall") +
                     fmt::format("  {} of {} labels as demanded", met, fitted);
  if (!less.empty()) line += "; less: " + item_list(less);
  if (!without.empty()) line += "; undefined: " + item_list(without);
  return line;
}

}  // namespace

Json threshold_demand(const ThresholdConfig& threshold) {
  Json demand;
  switch (threshold.method) {
    case ThresholdConfig::Method::kPrecisionAtRecall:
      return {{"metric", "recall"}, {"at_least", threshold.value}};
    case ThresholdConfig::Method::kRecallAtPrecision:
      demand = {{"metric", "precision"}, {"at_least", threshold.value}};
      if (threshold.confidence) demand["confidence"] = *threshold.confidence;
      return demand;
    default:
      return nullptr;
  }
}

std::string demand_text(const Json& summary) {
  const auto demanded = summary.find("threshold_demand");
  if (demanded == summary.end()) return "";
  const auto metric = demanded->at("metric").get<std::string>();
  const double demand = demanded->at("at_least").get<double>();
  const auto not_fitted = summary.at("threshold_not_fitted").get<std::set<std::string>>();
  std::string text =
      fmt::format("{:<12}{} of at least {}{}\n", "demand", metric, demand,
                  demanded->contains("confidence")
                      ? fmt::format(" with confidence {}", demanded->at("confidence").get<double>())
                      : "");
  for (const char* split : {"validation", "test"}) {
    if (!summary.contains(split)) continue;
    const Json& figures = summary[split];
    text += fmt::format("{:<12}on {} data:{}\n", "", split,
                        figures.contains("per_label") ? label_figures(figures, not_fitted, metric, demand)
                                                      : binary_figures(figures["metrics"], metric, demand));
  }
  return text;
}

}  // namespace bernoulli::cli

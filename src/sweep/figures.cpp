#include "sweep/figures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/metric_facts.h"
#include "store/event_lines.h"

namespace bernoulli::sweep {
namespace {

using Json = nlohmann::ordered_json;

/// Null where there is no such value.
Json value_at(const Json& json, const std::vector<std::string>& path) {
  const Json* value = &json;
  for (const std::string& key : path) {
    if (!value->is_object() || !value->contains(key)) return nullptr;
    value = &value->at(key);
  }
  return *value;
}

std::optional<double> number_at(const Json& json, const std::vector<std::string>& path) {
  const Json value = value_at(json, path);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

}  // namespace

bool are_equal(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::max(std::fabs(a), std::fabs(b)); }

Figures figures_of(const Json& summary, const std::string& metric) {
  Figures figures;
  const auto figure = [&](const char* split) {
    const auto before = number_at(summary, {"calibration", split, metric, "before"});
    return metric == "loss" && before ? before : number_at(summary, {split, "metrics", metric});
  };
  figures.validation = figure("validation");
  figures.test = figure("test");
  figures.seconds = number_at(summary, {"timings", "total_seconds"});
  if (const Json epochs = value_at(summary, {"epochs"}); epochs.is_number_integer())
    figures.epochs = epochs.get<int64_t>();
  if (figures.validation) return figures;
  const Json reason = value_at(summary, {"validation", "undefined", metric});
  figures.why_none = fmt::format("validation {} is undefined ({})", metric,
                                 reason.is_string() ? reason.get<std::string>() : "summary.json has none");
  return figures;
}

Figures figures_after(std::string_view events, int64_t epoch, const TrainingConfig& training,
                      const std::string& metric) {
  Figures figures;
  figures.is_final = false;
  const bool lower = monitor_is_better_lower(training);
  std::optional<double> best;
  Json chosen;
  for_each_event(events, [&](const Json& event, std::string_view) {
    const Json number = event.value("epoch", Json());
    if (!number.is_number_integer() || number.get<int64_t>() > epoch) return;
    if (const auto seconds = number_at(event, {"seconds"})) figures.seconds = seconds;
    if (event["event"] != "validation") return;
    figures.epochs = number.get<int64_t>();
    const std::optional<double> value = number_at(event, {training.monitor});
    // As Trainer has it: an undefined value is never the best, and the first of equal ones stays.
    const bool is_better = value && (!best || (lower ? *value < *best : *value > *best));
    if (is_better) best = value;
    if (is_better || !training.restore_best || !best) chosen = event;
  });
  if (chosen.is_null()) {
    figures.why_none = "metrics.jsonl has no validation";
    return figures;
  }
  figures.validation = number_at(chosen, {metric});
  if (!figures.validation) figures.why_none = fmt::format("validation {} is undefined", metric);
  return figures;
}

Figures figures_of(const Trial& trial) {
  Figures figures;
  figures.was_begun =
      trial.state != TrialState::kWaiting && (trial.state != TrialState::kLeftBehind || trial.rung > 0);
  figures.why_none = trial.state == TrialState::kFailed
                         ? fmt::format("failed with exit code {}: {}", trial.exit_code, trial.reason)
                         : "not trained to its end";
  return figures;
}

}  // namespace bernoulli::sweep

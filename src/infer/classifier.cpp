#include "infer/classifier.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>
#include <string>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

bool is_above_zero(double value) { return value > 0 && std::isfinite(value); }

bool is_finite(double value) { return std::isfinite(static_cast<float>(value)); }

bool is_threshold(double value) { return value > 0 && value < 1; }

/// @param counts  how many there may be
std::string fault_of_values(const std::vector<double>& values, const char* name, int64_t num_outputs,
                            std::initializer_list<int64_t> counts, bool (*is_allowed)(double)) {
  if (std::find(counts.begin(), counts.end(), static_cast<int64_t>(values.size())) == counts.end())
    return fmt::format("{} {}s for {} outputs", values.size(), name, num_outputs);
  for (const double value : values)
    if (!is_allowed(value)) return fmt::format("the {} {}", name, value);
  return "";
}

std::string fault_of_rule(const DecisionRule& rule, int64_t num_outputs) {
  if (!rule.takes_highest())
    return fault_of_values(rule.thresholds(), "threshold", num_outputs, {num_outputs}, is_threshold);
  return num_outputs > 1 ? "" : "a decision by the highest of one probability";
}

}  // namespace

std::string fault_of(const ClassifierInfo& info, int64_t num_outputs) {
  if (info.labels.num_outputs() != num_outputs)
    return fmt::format("labels of {} outputs for {}", info.labels.num_outputs(), num_outputs);
  for (const std::string& fault :
       {fault_of_rule(info.rule, num_outputs),
        fault_of_values(info.scaling.temperatures, "temperature", num_outputs, {0, num_outputs},
                        is_above_zero),
        fault_of_values(info.scaling.shifts, "shift", num_outputs, {0, num_outputs}, is_finite),
        fault_of_values(info.pos_weight, "pos_weight", num_outputs, {0, 1, num_outputs}, is_above_zero)})
    if (!fault.empty()) return fault;
  return "";
}

nlohmann::ordered_json to_json(const Labels& labels) {
  return {{"kind", labels.kind == TaskConfig::Kind::kBinary ? "binary" : "multi_label"},
          {"names", labels.names}};
}

Labels labels_from_json(const nlohmann::ordered_json& json) {
  const bool binary = json.at("kind") == "binary";
  auto names = json.at("names").get<std::vector<std::string>>();
  if (binary ? names.size() != 2 : names.empty())
    throw ArtifactError(fmt::format("{} labels are listed (expected {})", names.size(),
                                    binary ? "2, the negative and the positive one" : "1 or more"));
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size())
    throw ArtifactError("a label is listed twice");
  return {binary ? TaskConfig::Kind::kBinary : TaskConfig::Kind::kMultiLabel, std::move(names)};
}

}  // namespace bernoulli

#include "train/trainer_state.h"

#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "config/bind.h"
#include "core/shallow_json.h"

namespace bernoulli {

using Json = nlohmann::ordered_json;

namespace {

/// @throws Json::exception for what is no whole number, or negative
int64_t count_in(const Json& json, const char* key) {
  return static_cast<int64_t>(whole_number<uint64_t>(json.at(key)));
}

/// Programs until December 2026 kept the members of ThresholdConfig instead. @return metrics.threshold as it
/// is resolved
Json threshold_setting(const Json& kept) {
  if (!kept.contains("method")) return kept;
  const std::string& method = kept.at("method").get_ref<const std::string&>();
  const Json &value = kept.at("value"), &values = kept.at("values");
  if (method.starts_with("max_")) return {{method, {{"min_positives", kept.at("min_positives")}}}};
  if (method == "precision_at_recall") return {{method, {{"recall", value}}}};
  if (method == "recall_at_precision")
    return {{method, {{"precision", value}, {"confidence", kept.at("confidence")}}}};
  Json by_name = Json::object();
  for (const Json& one : kept.at("value_of")) by_name[one.at(0).get<std::string>()] = one.at(1);
  return {{method, {{"value", !by_name.empty() ? by_name : !values.empty() ? values : value}}}};
}

}  // namespace

Json to_json(const TrainerState& state) {
  Json best = Json::array();
  for (const BestEntry& entry : state.best) best.push_back({{"step", entry.step}, {"value", entry.value}});
  return {
      {"step", state.step},
      {"validated_step", state.validated_step},
      {"bad_validations", state.bad_validations},
      {"best", best},
      {"value_to_beat", state.value_to_beat ? Json(*state.value_to_beat) : Json()},
      {"threshold", state.threshold ? state.threshold->setting : Json()},
      {"plateau",
       {{"factor", state.plateau.factor},
        {"best", state.plateau.best},
        {"has_best", state.plateau.has_best},
        {"bad_validations", state.plateau.bad_validations},
        {"cooldown_left", state.plateau.cooldown_left}}},
      {"loss_sum", state.loss_sum},
      {"loss_weight", state.loss_weight},
      {"telemetry",
       {{"entries", state.telemetry.entries},
        {"saturated", state.telemetry.saturated},
        {"wrong_and_dead", state.telemetry.wrong_and_dead},
        {"max_abs_logit", state.telemetry.max_abs_logit}}},
  };
}

TrainerState trainer_state_from_json(const Json& json, double f_beta) {
  TrainerState state;
  state.step = count_in(json, "step");
  state.validated_step = count_in(json, "validated_step");
  state.bad_validations = count_in(json, "bad_validations");
  for (const Json& entry : json.at("best"))
    state.best.push_back({count_in(entry, "step"), entry.at("value").get<double>()});
  if (const auto value = json.find("value_to_beat"); value == json.end())  // of an earlier version
    state.value_to_beat = state.best.empty() ? std::nullopt : std::optional(state.best.front().value);
  else if (!value->is_null())
    state.value_to_beat = value->get<double>();
  if (const auto threshold = json.find("threshold"); threshold != json.end() && !threshold->is_null())
    state.threshold = config::read_threshold(threshold_setting(*threshold), f_beta);
  const Json& plateau = json.at("plateau");
  plateau.at("factor").get_to(state.plateau.factor);
  plateau.at("best").get_to(state.plateau.best);
  plateau.at("has_best").get_to(state.plateau.has_best);
  state.plateau.bad_validations = count_in(plateau, "bad_validations");
  state.plateau.cooldown_left = count_in(plateau, "cooldown_left");
  json.at("loss_sum").get_to(state.loss_sum);
  json.at("loss_weight").get_to(state.loss_weight);
  const Json& telemetry = json.at("telemetry");
  state.telemetry.entries = count_in(telemetry, "entries");
  state.telemetry.saturated = count_in(telemetry, "saturated");
  state.telemetry.wrong_and_dead = count_in(telemetry, "wrong_and_dead");
  const Json& largest = telemetry.at("max_abs_logit");  // JSON has no infinity: it is written as null
  state.telemetry.max_abs_logit =
      largest.is_null() ? std::numeric_limits<double>::infinity() : largest.get<double>();
  return state;
}

}  // namespace bernoulli

#include "train/trainer_state.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/shallow_json.h"

namespace bernoulli {

using Json = nlohmann::ordered_json;

namespace {

/// @throws Json::exception for what is no whole number, or negative
int64_t count_in(const Json& json, const char* key) {
  return static_cast<int64_t>(whole_number<uint64_t>(json.at(key)));
}

/// In the order of ThresholdConfig::Method.
constexpr std::array kThresholdMethods = {"fixed", "max_f1", "max_f_beta", "precision_at_recall",
                                          "recall_at_precision"};

Json threshold_to_json(const ThresholdConfig& threshold) {
  Json value_of = Json::array();
  for (const LabelNumber& one : threshold.value_of) value_of.push_back({one.label, one.number});
  return {{"method", kThresholdMethods[static_cast<size_t>(threshold.method)]},
          {"value", threshold.value},
          {"confidence", threshold.confidence ? Json(*threshold.confidence) : Json()},
          {"min_positives", threshold.min_positives},
          {"beta", threshold.beta},
          {"values", threshold.values},
          {"value_of", std::move(value_of)}};
}

ThresholdConfig threshold_from_json(const Json& json) {
  ThresholdConfig threshold;
  const auto& method = json.at("method").get_ref<const std::string&>();
  const auto found = std::find(kThresholdMethods.begin(), kThresholdMethods.end(), method);
  if (found == kThresholdMethods.end())
    throw Json::type_error::create(302, "expected a kind of threshold, found " + method, &json);
  threshold.method = static_cast<ThresholdConfig::Method>(found - kThresholdMethods.begin());
  threshold.value = json.at("value").get<double>();
  if (const Json& confidence = json.at("confidence"); !confidence.is_null())
    threshold.confidence = confidence.get<double>();
  threshold.min_positives = count_in(json, "min_positives");
  threshold.beta = json.at("beta").get<double>();
  threshold.values = json.at("values").get<std::vector<double>>();
  for (const Json& one : json.at("value_of"))
    threshold.value_of.push_back({one.at(0).get<std::string>(), one.at(1).get<double>(), ""});
  return threshold;
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
      {"threshold", state.threshold ? threshold_to_json(*state.threshold) : Json()},
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

TrainerState trainer_state_from_json(const Json& json) {
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
    state.threshold = threshold_from_json(*threshold);
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
  telemetry.at("max_abs_logit").get_to(state.telemetry.max_abs_logit);
  return state;
}

}  // namespace bernoulli

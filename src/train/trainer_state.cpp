#include "train/trainer_state.h"

#include <nlohmann/json.hpp>

namespace bernoulli {

using Json = nlohmann::ordered_json;

Json to_json(const TrainerState& state) {
  Json best = Json::array();
  for (const BestEntry& entry : state.best) best.push_back({{"step", entry.step}, {"value", entry.value}});
  return {
      {"step", state.step},
      {"validated_step", state.validated_step},
      {"bad_validations", state.bad_validations},
      {"best", best},
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
  json.at("step").get_to(state.step);
  json.at("validated_step").get_to(state.validated_step);
  json.at("bad_validations").get_to(state.bad_validations);
  for (const Json& entry : json.at("best")) state.best.push_back({entry.at("step"), entry.at("value")});
  const Json& plateau = json.at("plateau");
  plateau.at("factor").get_to(state.plateau.factor);
  plateau.at("best").get_to(state.plateau.best);
  plateau.at("has_best").get_to(state.plateau.has_best);
  plateau.at("bad_validations").get_to(state.plateau.bad_validations);
  plateau.at("cooldown_left").get_to(state.plateau.cooldown_left);
  json.at("loss_sum").get_to(state.loss_sum);
  json.at("loss_weight").get_to(state.loss_weight);
  const Json& telemetry = json.at("telemetry");
  telemetry.at("entries").get_to(state.telemetry.entries);
  telemetry.at("saturated").get_to(state.telemetry.saturated);
  telemetry.at("wrong_and_dead").get_to(state.telemetry.wrong_and_dead);
  telemetry.at("max_abs_logit").get_to(state.telemetry.max_abs_logit);
  return state;
}

}  // namespace bernoulli

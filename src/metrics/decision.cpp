#include "metrics/decision.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

namespace bernoulli {

double sigmoid(double logit) {
  const double small = std::exp(-std::fabs(logit));  // in (0, 1]: cannot overflow
  return logit >= 0 ? 1 / (1 + small) : small / (1 + small);
}

float probability(float logit) { return 1 / (1 + std::exp(-logit)); }

bool is_positive(float logit, double threshold) { return double{probability(logit)} > threshold; }

size_t highest_place(std::span<const float> logits) {
  size_t place = 0;
  for (size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[place] || (std::isnan(logits[place]) && !std::isnan(logits[i]))) place = i;
  }
  return place;
}

DecisionRule DecisionRule::highest() {
  DecisionRule rule;
  rule.takes_highest_ = true;
  return rule;
}

bool DecisionRule::has_one_threshold() const {
  return !thresholds_.empty() &&
         std::ranges::adjacent_find(thresholds_, std::not_equal_to()) == thresholds_.end();
}

nlohmann::ordered_json to_json(const DecisionRule& rule) {
  return rule.takes_highest() ? nlohmann::ordered_json("highest") : nlohmann::ordered_json(rule.thresholds());
}

DecisionRule decision_rule_from_json(const nlohmann::ordered_json& json) {
  return json == "highest" ? DecisionRule::highest() : DecisionRule(json.get<std::vector<double>>());
}

}  // namespace bernoulli

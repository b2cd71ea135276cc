#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace bernoulli {

/// 1 / (1 + exp(-z)) without overflow, float64: what metrics are computed from.
double sigmoid(double logit);

/// The probability that decisions are made on and that outputs show: 1 / (1 + exp(-z)) in float32, the
/// formula and the precision of LibTorch's sigmoid in exported files. 1 from z = 24 ln 2 = 16.64 upwards, 0
/// from -88.73 downwards.
float probability(float logit);

/// probability(logit), compared in float64, is strictly above the threshold, as in Keras' BinaryAccuracy.
/// False for NaN.
bool is_positive(float logit, double threshold);

/// The place of the highest logit, the first of equal ones; NaN is below all others. @param logits  1 or more
size_t highest_place(std::span<const float> logits);

/// How the logits of a text become its labels: each by a threshold, or the one with the highest logit.
class DecisionRule {
 public:
  DecisionRule() = default;  ///< none yet: decides nothing
  /// Each label by itself, is_positive. @param thresholds  one for all labels, or one a label; not empty
  DecisionRule(std::vector<double> thresholds) : thresholds_(std::move(thresholds)) {}
  DecisionRule(std::initializer_list<double> thresholds) : thresholds_(thresholds) {}
  /// Exactly one label: that at highest_place.
  static DecisionRule highest();

  bool takes_highest() const { return takes_highest_; }
  /// One, or one a label; empty where the highest logit is taken.
  const std::vector<double>& thresholds() const { return thresholds_; }
  /// Not where the highest logit is taken.
  double threshold(size_t label) const { return thresholds_[thresholds_.size() == 1 ? 0 : label]; }
  /// Whether all labels have the same threshold.
  bool has_one_threshold() const;

  bool operator==(const DecisionRule&) const = default;

 private:
  std::vector<double> thresholds_;
  bool takes_highest_ = false;
};

/// The decisions about one text.
class Decisions {
 public:
  /// @param rule, logits  outlive it; L logits
  Decisions(const DecisionRule& rule, std::span<const float> logits)
      : rule_(rule), logits_(logits), highest_(rule.takes_highest() ? highest_place(logits) : 0) {}
  /// Whether the text gets the label.
  bool operator[](size_t label) const {
    return rule_.takes_highest() ? label == highest_ : is_positive(logits_[label], rule_.threshold(label));
  }

 private:
  const DecisionRule& rule_;
  std::span<const float> logits_;
  size_t highest_;
};

/// The thresholds, or "highest".
nlohmann::ordered_json to_json(const DecisionRule& rule);
/// @throws nlohmann::json::exception where it is neither
DecisionRule decision_rule_from_json(const nlohmann::ordered_json& json);

}  // namespace bernoulli

#include "metrics/thresholds.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "metrics/confusion.h"
#include "metrics/decision.h"
#include "metrics/scored_example.h"
#include "metrics/significance.h"

namespace bernoulli {
namespace {

/// One way to cut the ranking in two: everything with at least this probability is positive.
struct Split {
  double threshold = 0;
  double precision = 0;
  double recall = 0;
  double f_beta = 0;
  double positive = 0;  ///< weight of what is taken and positive
  double all = 0;       ///< of all that is taken
};

/// A number t with below <= t < above, so that t repeats the split, and 0 < t. As far from both as it can be,
/// and a float32 value where one fits: exported models compare in float32.
double between(float below, float above) {
  const double middle = double{below} + (double{above} - double{below}) / 2;
  const auto rounded = static_cast<float>(middle);
  const float inside = rounded >= below && rounded < above ? rounded : below;
  return inside > 0 ? double{inside} : middle;
}

/// Whether two logits, the greater one first, may be answers to the same: programs that answer with the same
/// model add its numbers in another order, and differ by that much. A threshold between them would be decided
/// by rounding, and differently by each.
bool are_one_but_for_rounding(float greater, float less) {
  constexpr double kRelative = 4e-6;  // what tests hold the engines to
  return std::isfinite(less) && double{greater} - double{less} <= kRelative * (1 + std::abs(double{less}));
}

/// Every split that a threshold above 0 can make, by descending threshold. @param beta  of their f_beta
std::vector<Split> possible_splits(const std::vector<ScoredExample>& examples, double beta) {
  struct Entry {
    float logit, probability;
    double positive, all;  // weights of one example, then of everything from it upwards
  };
  std::vector<Entry> entries;
  for (const ScoredExample& example : examples) {
    entries.push_back(
        {example.logit, probability(example.logit), example.target ? example.weight : 0, example.weight});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.logit > b.logit; });
  for (size_t i = 1; i < entries.size(); ++i) {
    entries[i].positive += entries[i - 1].positive;
    entries[i].all += entries[i - 1].all;
  }
  const double positive = entries.empty() ? 0 : entries.back().positive, square = beta * beta;
  std::vector<Split> splits;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    const bool is_last = i + 1 == entries.size();
    const float next = is_last ? 0.0f : entries[i + 1].probability;
    if (entry.probability <= next || entry.all == 0) continue;  // no threshold parts these two
    if (!is_last && are_one_but_for_rounding(entry.logit, entries[i + 1].logit)) continue;
    splits.push_back({.threshold = between(next, entry.probability),
                      .precision = entry.positive / entry.all,
                      .recall = entry.positive / positive,
                      .f_beta = (1 + square) * entry.positive / (entry.all + square * positive),
                      .positive = entry.positive,
                      .all = entry.all});
  }
  return splits;
}

/// Which of two splits to take, and which are allowed at all.
struct Goal {
  double beta = 1;  ///< of f_beta
  std::function<bool(const Split&)> allowed;
  std::function<bool(const Split&, const Split&)> worse;
  std::function<std::string(const std::vector<Split>&)> best_possible;
};

/// Lower bound of the precision of a split whose examples all weigh 1.
double precision_bound(const Split& split, double confidence) {
  return share_lower_bound(std::llround(split.positive), std::llround(split.all), confidence);
}

Goal precision_goal(double demand, std::optional<double> confidence) {
  const auto reached = [confidence](const Split& split) {
    return confidence ? precision_bound(split, *confidence) : split.precision;
  };
  return {1, [=](const Split& split) { return split.precision >= demand && reached(split) >= demand; },
          [](const Split& a, const Split& b) {
            return std::pair(a.recall, a.precision) < std::pair(b.recall, b.precision);
          },
          [=](const std::vector<Split>& splits) {
            double best = 0;
            for (const Split& split : splits) best = std::max(best, reached(split));
            return fmt::format("no threshold reaches precision {}{}: the best is {:.6g}", demand,
                               confidence ? fmt::format(" with confidence {}", *confidence) : "", best);
          }};
}

Goal goal_of(const ThresholdConfig& config) {
  const double demand = config.value;
  switch (config.method) {
    case ThresholdConfig::Method::kPrecisionAtRecall:
      return {1, [demand](const Split& split) { return split.recall >= demand; },
              [](const Split& a, const Split& b) {
                return std::pair(a.precision, a.recall) < std::pair(b.precision, b.recall);
              },
              [demand](const std::vector<Split>& splits) {
                const double best = splits.empty() ? 0 : splits.back().recall;
                return fmt::format("no threshold reaches recall {}: the best is {:.6g}", demand, best);
              }};
    case ThresholdConfig::Method::kRecallAtPrecision:
      return precision_goal(demand, config.confidence);
    default:
      return {config.beta, [](const Split&) { return true; },
              [](const Split& a, const Split& b) { return a.f_beta < b.f_beta; },
              [](const std::vector<Split>&) { return std::string("every probability is 0"); }};
  }
}

struct Choice {
  std::optional<double> threshold;
  std::string lack = {};  ///< what no split reaches
};

/// Nothing where only one class has weight, for every threshold, or none, would be best; or where no split
/// meets the demand.
Choice choose(const std::vector<ScoredExample>& examples, const Goal& goal, const std::string& where) {
  for (const ScoredExample& example : examples) {
    if (std::isnan(example.logit)) {
      throw NonFiniteError(
          fmt::format("cannot fit a threshold{}: a validation logit is not a number", where));
    }
  }
  const TargetWeights weights = target_weights(examples);
  if (weights.positive == 0 || weights.negative == 0) return {};
  const std::vector<Split> splits = possible_splits(examples, goal.beta);
  const Split* best = nullptr;
  for (const Split& split : splits) {
    if (goal.allowed(split) && (best == nullptr || goal.worse(*best, split))) best = &split;
  }
  if (best != nullptr) return {best->threshold};
  return {std::nullopt, goal.best_possible(splits)};
}

}  // namespace

std::vector<double> numbers_of_labels(const std::vector<LabelNumber>& given,
                                      const std::vector<std::string>& names, double other) {
  std::vector<double> numbers(names.size(), other);
  for (const LabelNumber& one : given) {
    const auto found = std::ranges::find(names, one.label);
    if (found != names.end()) numbers[static_cast<size_t>(found - names.begin())] = one.number;
  }
  return numbers;
}

DecisionRule configured_rule(const ThresholdConfig& config, int64_t num_outputs,
                             const std::vector<std::string>& label_names) {
  const auto width = static_cast<size_t>(num_outputs);
  if (config.method == ThresholdConfig::Method::kHighest) {
    if (width == 1)
      throw UsageError("metrics.threshold: highest chooses among several labels, and there is one");
    return DecisionRule::highest();
  }
  if (config.is_fitted()) return std::vector<double>(width, 0.5);
  if (!config.value_of.empty()) {
    std::vector<double> by_name = numbers_of_labels(config.value_of, label_names, 0.5);
    by_name.resize(width, 0.5);
    return by_name;
  }
  if (config.values.empty()) return std::vector<double>(width, config.value);
  if (config.values.size() != width)
    throw UsageError(
        fmt::format("metrics.threshold: {} numbers for {} labels (expected one for all, or one a label)",
                    config.values.size(), width));
  return config.values;
}

FittedThresholds choose_thresholds(const Predictions& validation, const ThresholdConfig& config,
                                   const std::vector<std::string>& names) {
  check_predictions(validation);
  const Goal goal = goal_of(config);
  FittedThresholds fitted;
  const std::vector<TargetCounts> counts = count_targets(validation.targets, validation.num_labels);
  fitted.shared = rare_labels(counts, config);
  const std::vector<int64_t> pooled = pooled_labels(counts, config);
  fitted.pools_all = pooled.size() > fitted.shared.size();
  std::vector<ScoredExample> pool;
  for (const int64_t label : pooled) {
    const std::vector<ScoredExample> column = score_label(validation, label, 0.5);
    pool.insert(pool.end(), column.begin(), column.end());
  }
  std::optional<Choice> of_pool;  // once: thousands of labels may share it
  for (int64_t label = 0; label < validation.num_labels; ++label) {
    const std::string where = label_phrase(validation, label, names);
    const bool shares = std::ranges::binary_search(fitted.shared, label);
    if (shares && !of_pool) of_pool = choose(pool, goal, where);
    const Choice choice = shares ? *of_pool : choose(score_label(validation, label, 0.5), goal, where);
    fitted.thresholds.push_back(choice.threshold.value_or(0.5));
    if (!choice.threshold) fitted.left_at_half.push_back(label);
    if (!choice.lack.empty())
      fitted.reasons.push_back(fmt::format(
          "cannot fit a threshold{}: on the validation data {}; lower the demand in metrics.threshold", where,
          choice.lack));
  }
  if (static_cast<int64_t>(fitted.left_at_half.size()) == validation.num_labels) {
    if (!fitted.reasons.empty()) throw DataError(fitted.reasons.front());
    throw DataError(
        fmt::format("cannot fit a threshold: the validation data have no positive or no negative example{}; "
                    "add some or set metrics.threshold to a number",
                    validation.num_labels == 1 ? "" : " of any label"));
  }
  return fitted;
}

std::vector<int64_t> rare_labels(const std::vector<TargetCounts>& counts, const ThresholdConfig& config) {
  std::vector<int64_t> rare;
  for (size_t label = 0; label < counts.size(); ++label) {
    if (counts[label].positive < config.min_positives) rare.push_back(static_cast<int64_t>(label));
  }
  return rare;
}

std::vector<int64_t> pooled_labels(const std::vector<TargetCounts>& counts, const ThresholdConfig& config) {
  std::vector<int64_t> pooled = rare_labels(counts, config);
  int64_t positives = 0;
  for (const int64_t label : pooled) positives += counts[static_cast<size_t>(label)].positive;
  if (pooled.empty() || positives >= config.min_positives) return pooled;
  pooled.resize(counts.size());
  std::iota(pooled.begin(), pooled.end(), 0);
  return pooled;
}

std::string nothing_above(const Predictions& predictions, const DecisionRule& rule) {
  float largest = 0;
  bool has_positives = false;
  for (const std::vector<ScoredExample>& column : score_labels(predictions, rule)) {
    for (const ScoredExample& scored : column) {
      if (scored.predicted) return "";
      has_positives = has_positives || scored.target;
      largest = std::max(largest, probability(scored.logit));
    }
  }
  if (!has_positives) return "";
  return fmt::format(
      "no example is above {}: the largest probability is {:.4g}; metrics.threshold sets another one, or "
      "fits it",
      rule.thresholds().size() == 1 ? fmt::format("the threshold {:.6g}", rule.threshold(0))
                                    : "the threshold of any label",
      largest);
}

}  // namespace bernoulli

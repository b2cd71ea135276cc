#include "metrics/scored_example.h"

#include <cmath>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

ScoredExample undecided(const Predictions& predictions, size_t example, size_t label) {
  const size_t at = example * static_cast<size_t>(predictions.num_labels) + label;
  return {.logit = predictions.logits[at],
          .weight = predictions.weights.empty() ? 1.0 : double{predictions.weights[example]},
          .target = predictions.targets[at] == 1};
}

}  // namespace

TargetWeights target_weights(ScoredExamples examples) {
  TargetWeights sums;
  for (const ScoredExample& example : examples) {
    (example.target ? sums.positive : sums.negative) += example.weight;
  }
  return sums;
}

void check_predictions(const Predictions& predictions) {
  const size_t entries = predictions.logits.size();
  if (predictions.num_labels < 1 || entries % static_cast<size_t>(predictions.num_labels) != 0 ||
      predictions.targets.size() != entries ||
      (!predictions.weights.empty() &&
       predictions.weights.size() != static_cast<size_t>(predictions.size()))) {
    throw InternalError(fmt::format("metrics: {} logits, {} targets and {} weights do not fit {} labels",
                                    entries, predictions.targets.size(), predictions.weights.size(),
                                    predictions.num_labels));
  }
  for (size_t i = 0; i < entries; ++i) {
    const float target = predictions.targets[i];
    if (target != 0 && target != 1) {
      throw InternalError(fmt::format("metrics: target {} is {}, expected 0 or 1", i, target));
    }
  }
  for (size_t i = 0; i < predictions.weights.size(); ++i) {
    const float weight = predictions.weights[i];
    if (!std::isfinite(weight) || weight < 0) {
      throw InternalError(
          fmt::format("metrics: weight {} is {}, expected a finite number of at least 0", i, weight));
    }
  }
}

std::string label_phrase(const Predictions& predictions, int64_t label,
                         const std::vector<std::string>& names) {
  if (predictions.num_labels == 1) return "";
  if (names.empty()) return fmt::format(" for label {}", label + 1);
  return fmt::format(" for label '{}'", names[static_cast<size_t>(label)]);
}

std::vector<ScoredExample> score_label(const Predictions& predictions, int64_t label, double threshold) {
  std::vector<ScoredExample> examples(static_cast<size_t>(predictions.size()));
  for (size_t i = 0; i < examples.size(); ++i) {
    examples[i] = undecided(predictions, i, static_cast<size_t>(label));
    examples[i].predicted = is_positive(examples[i].logit, threshold);
  }
  return examples;
}

std::vector<std::vector<ScoredExample>> score_labels(const Predictions& predictions,
                                                     const DecisionRule& rule) {
  const auto width = static_cast<size_t>(predictions.num_labels);
  const auto num_examples = static_cast<size_t>(predictions.size());
  std::vector<std::vector<ScoredExample>> columns(width, std::vector<ScoredExample>(num_examples));
  for (size_t i = 0; i < num_examples; ++i) {
    const Decisions decisions(rule, predictions.logits.subspan(i * width, width));
    for (size_t label = 0; label < width; ++label) {
      columns[label][i] = undecided(predictions, i, label);
      columns[label][i].predicted = decisions[label];
    }
  }
  return columns;
}

MetricValue finite_or_undefined(double value, const std::string& reason) {
  return std::isfinite(value) ? MetricValue{value, ""} : undefined(reason);
}

MetricValue ratio(double numerator, double denominator, const std::string& reason_of_zero) {
  return denominator == 0 ? undefined(reason_of_zero) : MetricValue{numerator / denominator, ""};
}

MetricValue undefined(const std::string& reason) { return {std::nullopt, reason}; }

}  // namespace bernoulli

#include "metrics/temperature.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"
#include "metrics/decision.h"
#include "metrics/scored_example.h"

namespace bernoulli {
namespace {

// Factors on the logits beyond which an answer is always 1/2, or always 0 or 1: what a fit that has no end
// runs into.
constexpr double kSmallestFactor = 1e-4;
constexpr double kLargestFactor = 100;

/// Derivatives of the log loss, unnormalised, by the factor on the logits. It is convex.
struct Slope {
  double first = 0;
  double second = 0;
};

Slope slope_at(ScoredExamples examples, double factor) {
  Slope slope;
  for (const ScoredExample& example : examples) {
    const double wrong_way = example.target ? -double{example.logit} : double{example.logit};
    const double miss = sigmoid(factor * wrong_way);
    slope.first += example.weight * wrong_way * miss;
    slope.second += example.weight * wrong_way * wrong_way * miss * (1 - miss);
  }
  return slope;
}

/// Newton's method between two factors whose slopes differ in sign; halves what Newton would leave.
double flat_point(ScoredExamples examples, double low, double high) {
  double factor = 1;
  for (int round = 0; round < 200; ++round) {
    const Slope slope = slope_at(examples, factor);
    (slope.first > 0 ? high : low) = factor;
    const double newton = factor - slope.first / slope.second;
    const double next = newton > low && newton < high ? newton : (low + high) / 2;
    if (std::abs(next - factor) <= 1e-12 * factor) return next;
    factor = next;
  }
  return factor;
}

/// 1 and the reason where no temperature of the range is best.
double fit(ScoredExamples examples, std::string& reason) {
  const TargetWeights weights = target_weights(examples);
  if (weights.positive == 0 || weights.negative == 0) {
    reason = fmt::format("the validation data have no {} example",
                         weights.positive == 0 ? "positive" : "negative");
  } else if (slope_at(examples, kSmallestFactor).first >= 0) {
    reason = "on the validation data the logits say nothing of the label";
  } else if (slope_at(examples, kLargestFactor).first <= 0) {
    reason = "on the validation data hardly any answer is wrong, so that surer ones always look better";
  } else {
    return static_cast<float>(1 / flat_point(examples, kSmallestFactor, kLargestFactor));
  }
  return 1;
}

}  // namespace

FittedTemperatures fit_temperatures(const Predictions& validation, const std::vector<std::string>& names) {
  check_predictions(validation);
  FittedTemperatures fitted;
  for (int64_t label = 0; label < validation.num_labels; ++label) {
    const std::string where = label_phrase(validation, label, names);
    const std::vector<ScoredExample> examples = score_label(validation, label, 0.5);
    for (const ScoredExample& example : examples) {
      if (!std::isfinite(example.logit))
        throw NonFiniteError(
            fmt::format("cannot fit a temperature{}: a validation logit is not finite", where));
    }
    std::string reason;
    fitted.temperatures.push_back(fit(examples, reason));
    if (!reason.empty())
      fitted.left_at_one.push_back(fmt::format("temperature{} left at 1: {}", where, reason));
  }
  return fitted;
}

void divide_by_temperature(std::span<float> logits, const std::vector<double>& temperatures) {
  if (temperatures.empty()) return;
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] /= static_cast<float>(temperatures[i % temperatures.size()]);
}

}  // namespace bernoulli

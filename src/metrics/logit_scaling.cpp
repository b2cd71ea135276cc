#include "metrics/logit_scaling.h"

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

/// Of a loss by one variable.
struct Slope {
  double first = 0;
  double second = 0;
};

/// Where an ascending slope is 0, between two numbers: Newton's method, which halves what Newton would leave.
/// @param unit  a size of x below which its digits do not count
template <typename SlopeAt>
double flat_point(const SlopeAt& slope_at, double low, double high, double start, double unit) {
  double x = start;
  for (int round = 0; round < 200; ++round) {
    const Slope slope = slope_at(x);
    (slope.first > 0 ? high : low) = x;
    const double newton = x - slope.first / slope.second;
    const double next = newton > low && newton < high ? newton : (low + high) / 2;
    if (std::abs(next - x) <= 1e-12 * std::max(std::abs(x), unit)) return next;
    x = next;
  }
  return x;
}

/// The loss of sigmoid(factor * z + shift), unnormalised, which is convex in both.
class ScalingLoss {
 public:
  ScalingLoss(ScoredExamples examples, const TargetWeights& weights, bool has_shift)
      : examples_(examples), has_shift_(has_shift) {
    if (!has_shift_) return;
    off_positive_ = 1 / (weights.positive + 2);
    off_negative_ = 1 / (weights.negative + 2);
    const double positives =
        weights.positive * (1 - off_positive_) + weights.negative * off_negative_;  // as the targets have it
    const double share = positives / (weights.positive + weights.negative);
    log_odds_ = std::log(share / (1 - share));
    const auto [least, most] = std::ranges::minmax(examples, {}, &ScoredExample::logit);
    least_ = least.logit;
    most_ = most.logit;
  }

  /// The best shift beside a factor. It lies where the sigmoids of all examples are below, and where they are
  /// above, the share that they shall have in the mean.
  double best_shift(double factor) {
    if (!has_shift_) return 0;
    const double low = log_odds_ - factor * most_, high = log_odds_ - factor * least_;
    shift_ = flat_point([&](double shift) { return by_shift(factor, shift); }, low, high,
                        std::clamp(shift_, low, high), 1);
    return shift_;
  }

  /// Along the best shifts: the loss that is left is convex in the factor, too.
  Slope by_factor(double factor) {
    const Derivatives at = derivatives(factor, best_shift(factor));
    return {at.factor, has_shift_ ? at.factor_factor - at.factor_shift * at.factor_shift / at.shift_shift
                                  : at.factor_factor};
  }

 private:
  struct Derivatives {
    double factor = 0, shift = 0, factor_factor = 0, factor_shift = 0, shift_shift = 0;
  };

  Derivatives derivatives(double factor, double shift) const {
    Derivatives sum;
    for (const ScoredExample& example : examples_) {
      const double sign = example.target ? -1 : 1, z = example.logit;
      const double wrong = sigmoid(sign * (factor * z + shift));
      const double slope = example.weight * sign * (wrong - (example.target ? off_positive_ : off_negative_));
      const double bend = example.weight * wrong * (1 - wrong);
      sum.factor += slope * z;
      sum.shift += slope;
      sum.factor_factor += bend * z * z;
      sum.factor_shift += bend * z;
      sum.shift_shift += bend;
    }
    return sum;
  }

  Slope by_shift(double factor, double shift) const {
    const Derivatives at = derivatives(factor, shift);
    return {at.shift, at.shift_shift};
  }

  ScoredExamples examples_;
  bool has_shift_;
  double off_positive_ = 0, off_negative_ = 0;  ///< what the targets keep from 1 and 0
  double log_odds_ = 0;                         ///< of the mean target
  double least_ = 0, most_ = 0;                 ///< logits
  double shift_ = 0;                            ///< the last best one
};

/// How far a label was scaled; 1 and 0 are left alone.
struct Scale {
  double temperature = 1;
  double shift = 0;
};

/// A reason where a number that is asked for is left alone.
Scale fit(ScoredExamples examples, const MetricsConfig& metrics, std::string& reason) {
  const TargetWeights weights = target_weights(examples);
  if (weights.positive == 0 || weights.negative == 0) {
    reason = fmt::format("the validation data have no {} example",
                         weights.positive == 0 ? "positive" : "negative");
    return {};
  }
  ScalingLoss loss(examples, weights, metrics.fits_shift);
  Scale scale;
  if (metrics.fits_temperature && loss.by_factor(kSmallestFactor).first >= 0) {
    reason = "on the validation data the logits say nothing of the label";
  } else if (metrics.fits_temperature && loss.by_factor(kLargestFactor).first <= 0) {
    reason = "on the validation data hardly any answer is wrong, so that surer ones always look better";
  } else if (metrics.fits_temperature) {
    const auto slope_at = [&](double factor) { return loss.by_factor(factor); };
    scale.temperature =
        static_cast<float>(1 / flat_point(slope_at, kSmallestFactor, kLargestFactor, 1, kSmallestFactor));
  }
  scale.shift = static_cast<float>(loss.best_shift(1 / scale.temperature));
  return scale;
}

/// "temperature left at 1", "shift left at 0" or both.
std::string left_alone(const Scale& scale, const MetricsConfig& metrics, const std::string& where) {
  if (!metrics.fits_temperature) return fmt::format("shift{} left at 0", where);
  return metrics.fits_shift && scale.shift == 0
             ? fmt::format("temperature and shift{} left at 1 and 0", where)
             : fmt::format("temperature{} left at 1", where);
}

}  // namespace

FittedScaling fit_scaling(const Predictions& validation, const MetricsConfig& metrics,
                          const std::vector<std::string>& names) {
  check_predictions(validation);
  FittedScaling fitted;
  for (int64_t label = 0; label < validation.num_labels; ++label) {
    const std::string where = label_phrase(validation, label, names);
    const std::vector<ScoredExample> examples = score_label(validation, label, 0.5);
    for (const ScoredExample& example : examples) {
      if (!std::isfinite(example.logit))
        throw NonFiniteError(fmt::format("cannot fit a {}{}: a validation logit is not finite",
                                         metrics.fits_temperature ? "temperature" : "shift", where));
    }
    std::string reason;
    const Scale scale = fit(examples, metrics, reason);
    if (metrics.fits_temperature) fitted.scaling.temperatures.push_back(scale.temperature);
    if (metrics.fits_shift) fitted.scaling.shifts.push_back(scale.shift);
    if (!reason.empty())
      fitted.left_alone.push_back(fmt::format("{}: {}", left_alone(scale, metrics, where), reason));
  }
  return fitted;
}

void scale_logits(std::span<float> logits, const LogitScaling& scaling) {
  const std::vector<double>&temperatures = scaling.temperatures, &shifts = scaling.shifts;
  if (!temperatures.empty())
    for (size_t i = 0; i < logits.size(); ++i)
      logits[i] /= static_cast<float>(temperatures[i % temperatures.size()]);
  if (!shifts.empty())
    for (size_t i = 0; i < logits.size(); ++i) logits[i] += static_cast<float>(shifts[i % shifts.size()]);
}

}  // namespace bernoulli

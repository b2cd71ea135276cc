#include "stability/predicted.h"

#include <algorithm>
#include <cmath>

#include "config/loss_mode.h"
#include "stability/number_line.h"

namespace bernoulli::stability {
namespace {

using Bound = std::optional<long double>;  // |logit| in real numbers
using Mode = LossConfig::Mode;

constexpr long double kLn2 = 0.693147180559945309417232121458176568L;
constexpr long double kEpsilon = 1e-12f;  // ATen's floor of p(1-p) in the gradient, a float in every dtype
constexpr long double kLargestLogarithm = 100;  // ATen's clamp of each logarithm
constexpr double kClip = 1e-7;                  // sigmoid_bce_clipped

struct Format : NumberFormat {
  bool rounded_at_once;  ///< the sigmoid is computed in the dtype; else in float32 and rounded once

  long double logit_of(long double p) const {
    return std::log(1 / p - 1);
  }  // of 1-p, that is: positive for small p
  /// The smallest positive number is 2^smallest().
  int smallest() const { return smallest_exponent - digits + 1; }

  /// 1 + e^-x rounds to 1 up to half a spacing above 1, a tie going to the even 1. Rounding a float32 sigmoid
  /// to fewer digits gives 1 from half a spacing below 1 on.
  long double one() const {
    return rounded_at_once ? digits * kLn2 : -logit_of(1 - std::ldexp(1.0L, -digits - 1));
  }
  /// e^-x overflows, or the float32 sigmoid rounds to less than half the smallest number.
  long double zero() const {
    if (rounded_at_once) return largest_exponent * kLn2;
    return std::min(number_format(at::kFloat).largest_exponent * kLn2,
                    logit_of(std::ldexp(1.0L, smallest() - 1)));
  }
  double rounded(double value) const {  // to nearest, by the neighbours; value in (0, 1]
    const double above = number_at(dtype, index_at_least(dtype, value));
    const double below = number_at(dtype, index_at_least(dtype, value) - 1);
    return above - value <= value - below ? above : below;
  }
  /// p rounds to below the lower clip (strictly), or to at most it.
  long double low_clip(bool strictly) const {
    const double clip = rounded(kClip);
    const uint64_t index = index_at_least(dtype, clip);
    const double other = number_at(dtype, strictly ? index - 1 : index + 1);
    return logit_of((static_cast<long double>(clip) + other) / 2);
  }
  /// p rounds to above the upper clip (strictly), or to at least it: 1 + e^-x is 1 + m spacings, and p is the
  /// rounded reciprocal, so count down to the largest m whose p has passed the clip.
  long double high_clip(bool strictly) const {
    const double clip = rounded(1 - kClip);
    if (clip == 1) return one();
    const long double step = std::ldexp(1.0L, 1 - digits);
    long double m = std::ceil((1 / static_cast<long double>(clip) - 1) / step) + 2;
    const auto passed = [&] {
      const double p = rounded(static_cast<double>(1 / (1 + m * step)));
      return strictly ? p > clip : p >= clip;
    };
    while (m > 0 && !passed()) --m;
    return -std::log((m + 0.5L) * step);
  }
  /// p(1-p) has fallen 1 % below epsilon, so the gradient is 1 % short.
  long double fade_low() const {
    const long double floor = 0.99L * kEpsilon;
    return logit_of(floor * (1 + floor));  // p(1-p) = floor, to the second order
  }
  /// The same where p is near 1 and 1-p is a whole number m of spacings, for true values up to m + 1/2. Where
  /// the target is 1 the truth is 1-p itself, measured m*m/epsilon against m + 1/2: half a spacing earlier.
  Bound fade_high(bool against_itself) const {
    const long double step = std::ldexp(1.0L, 1 - digits);
    const long double m = std::floor(0.99L * kEpsilon / step + (against_itself ? 0.5L : 0.0L));
    return m < 1 ? one() : -std::log((m + 0.5L) * step);
  }
};

Format format_of(at::ScalarType dtype) {
  return {number_format(dtype), dtype == at::kDouble || dtype == at::kFloat};
}

Bound loss_clamped(const Format& format, Mode mode, double y, bool plus) {
  if (mode == Mode::kSigmoidBceClipped) {
    const bool to_zero = plus ? y == 1 && format.rounded(1 - kClip) == 1 : false;
    if (to_zero) return {};
    return plus ? format.high_clip(false) : format.low_clip(false);
  }
  if (mode != Mode::kSigmoidBce || y == (plus ? 1 : 0)) return {};
  return plus ? format.one() : std::min(format.zero(), kLargestLogarithm);
}

Bound loss_off(const Format& format, Mode mode, double y, bool plus) {
  if (mode != Mode::kSigmoidBce || plus) return {};
  if (y == 0 && format.dtype == at::kHalf) return {};
  if (y == 0) return format.zero();
  if (!format.rounded_at_once && (y != 1 || format.dtype == at::kHalf)) return {};
  return std::min(format.zero(), kLargestLogarithm / 0.99L);
}

/// p - y is not 0 in truth, but p has arrived where nothing is left of it.
Bound gradient_zero(const Format& format, Mode mode, double y, bool plus) {
  const bool half = format.dtype == at::kHalf;
  switch (mode) {
    case Mode::kBceWithLogits:
      if (plus) return y == 1 ? Bound(format.one()) : Bound();
      return y == 0 && !half ? Bound(format.zero()) : Bound();
    case Mode::kSigmoidBce:
      if (half) return {};  // 0/0 or infinity * 0 there
      if (plus) return format.one();
      // y = 0: p/epsilon * p falls below half the smallest number long before p itself does.
      if (y == 0) return ((1 - format.smallest()) * kLn2 - std::log(kEpsilon)) / 2;
      return format.zero();
    case Mode::kSigmoidBceClipped:
      if (plus) return half ? Bound() : Bound(format.high_clip(true));
      return format.low_clip(true);
    default:
      return {};
  }
}

Bound gradient_off(const Format& format, Mode mode, double y, bool plus) {
  if (!format.rounded_at_once) return {};  // 8 or 11 digits flicker by 1 % first
  if (mode == Mode::kBceWithLogits) return !plus && y == 0 ? Bound(format.zero()) : Bound();
  if (mode == Mode::kFocalWithLogits) return {};
  const bool quantised = plus && y == 1 && format.dtype == at::kFloat;  // 1-p in steps of 2^-23
  if (quantised) return {};
  if (mode == Mode::kSigmoidBceClipped) return plus ? format.high_clip(true) : format.low_clip(true);
  return plus ? format.fade_high(y == 1) : Bound(format.fade_low());
}

/// float16 only: epsilon rounds to 0, and (p-y) / p(1-p) passes the largest number or divides 0 by 0.
Bound not_finite(const Format& format, Mode mode, double y, bool plus) {
  if (format.dtype != at::kHalf || trains_on_logits(mode)) return {};
  if (plus) return format.one();
  if (y == 0) return mode == Mode::kSigmoidBce ? Bound(format.zero()) : Bound();
  // p is k * 2^-24 and y/p reaches 65520, which rounds to infinity.
  const long double k = std::floor(y * std::ldexp(1.0L, -format.smallest()) / 65520);
  return format.logit_of(std::ldexp(k + 0.5L, format.smallest()));
}

Bound bound_of(const Format& format, Mode mode, double y, const std::string& event, bool plus) {
  if (event == "probability_reaches_one") return format.one();
  if (event == "probability_reaches_zero") return format.zero();
  if (event == "loss_clamped") return loss_clamped(format, mode, y, plus);
  if (event == "loss_off_1_percent") return loss_off(format, mode, y, plus);
  if (event == "gradient_exactly_zero") return gradient_zero(format, mode, y, plus);
  if (event == "gradient_off_1_percent") return gradient_off(format, mode, y, plus);
  if (event == "not_finite") return not_finite(format, mode, y, plus);
  return {};
}

}  // namespace

std::optional<double> predicted_threshold(at::ScalarType dtype, Mode mode, double target,
                                          const std::string& event, const std::string& side) {
  const bool plus = side == "+";
  const Bound bound = bound_of(format_of(dtype), mode, target, event, plus);
  if (!bound) return {};
  const double outward = number_at(dtype, index_at_least(dtype, *bound));
  return plus ? outward : -outward;
}

}  // namespace bernoulli::stability

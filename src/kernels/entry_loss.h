#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/host_device.h"

namespace bernoulli::kernels {

enum class LossMode : uint8_t { kBceWithLogits, kSigmoidBce, kSigmoidBceClipped, kFocalWithLogits };

/// One entry's loss in nats and its slope in the logit: the closed forms of what loss/ computes through
/// autograd.
struct EntryLoss {
  static constexpr double kNoAlpha = -1;

  LossMode mode = LossMode::kBceWithLogits;
  double label_smoothing = 0;
  double gamma = 0;         ///< focal only
  double alpha = kNoAlpha;  ///< focal only; a weight in [0, 1], else both classes count alike

  struct Value {
    double loss;
    double slope;
  };
  /// Stays finite for every finite logit; NaN gives NaN.
  BERNOULLI_HOST_DEVICE inline Value operator()(float logit, float target, double pos_weight) const;

 private:
  struct SoftSign {
    double positive;   ///< sigmoid(z)
    double negative;   ///< sigmoid(-z)
    double log1p_exp;  ///< log(1 + exp(-|z|))
  };
  BERNOULLI_HOST_DEVICE static inline double larger(double a, double b) { return a < b ? b : a; }
  BERNOULLI_HOST_DEVICE static inline SoftSign soft_sign(double z);
  BERNOULLI_HOST_DEVICE static inline Value with_logits(double z, double y, double pos_weight,
                                                        const SoftSign& s);
  BERNOULLI_HOST_DEVICE static inline Value of_probability(float z, double y, double pos_weight,
                                                           bool clipped);
};

BERNOULLI_HOST_DEVICE inline EntryLoss::SoftSign EntryLoss::soft_sign(double z) {
  const double e = std::exp(-std::fabs(z));
  const double large = 1 / (1 + e), small = e / (1 + e);
  return z >= 0 ? SoftSign{large, small, std::log1p(e)} : SoftSign{small, large, std::log1p(e)};
}

BERNOULLI_HOST_DEVICE inline EntryLoss::Value EntryLoss::with_logits(double z, double y, double pos_weight,
                                                                     const SoftSign& s) {
  const double positive = 1 + (pos_weight - 1) * y;
  const double loss = (1 - y) * z + positive * (s.log1p_exp + larger(-z, 0.0));
  return {z != z ? z : loss, (pos_weight * y + 1 - y) * s.positive - pos_weight * y};
}

/// From a probability in float32, whose rounding is what these modes are about: where it reaches 0 or 1 each
/// logarithm is clamped at -100 and the slope p*(1-p) is 0. Slope as ATen's, with its 1e-12.
BERNOULLI_HOST_DEVICE inline EntryLoss::Value EntryLoss::of_probability(float z, double y, double pos_weight,
                                                                        bool clipped) {
  float p = 1.0f / (1.0f + std::exp(-z));
  const float inside = p * (1.0f - p);
  constexpr float kLow = 1e-7f, kHigh = static_cast<float>(1.0 - 1e-7);
  const bool is_clipped = clipped && !(p >= kLow && p <= kHigh);
  if (is_clipped && p == p) p = p < kLow ? kLow : kHigh;
  const double weight = pos_weight * y + (1 - y);
  const double share = pos_weight * y / weight;
  const auto q = static_cast<double>(p);
  const double log_p = larger(static_cast<double>(std::log(p)), -100.0);
  const double log_not_p = larger(static_cast<double>(std::log1p(-p)), -100.0);
  const double loss = -weight * (share * log_p + (1 - share) * log_not_p);
  const double slope = weight * (q - share) / larger(static_cast<double>((1.0f - p) * p), 1e-12);
  return {p != p ? q : loss, is_clipped ? 0.0 : slope * static_cast<double>(inside)};
}

BERNOULLI_HOST_DEVICE inline EntryLoss::Value EntryLoss::operator()(float logit, float target,
                                                                    double pos_weight) const {
  const double y = static_cast<double>(target) * (1 - label_smoothing) + label_smoothing / 2;
  if (mode == LossMode::kSigmoidBce || mode == LossMode::kSigmoidBceClipped)
    return of_probability(logit, y, pos_weight, mode == LossMode::kSigmoidBceClipped);
  const auto z = static_cast<double>(logit);
  const SoftSign s = soft_sign(z);
  const Value bce = with_logits(z, y, pos_weight, s);
  if (mode == LossMode::kBceWithLogits) return bce;
  constexpr double kFloor = 0x1p-126;  // smallest normal float32
  const double wrong = s.positive * (1 - y) + s.negative * y;
  const double held = larger(wrong, kFloor);
  const double wrong_slope = wrong < kFloor ? 0 : s.positive * s.negative * (1 - 2 * y);
  const double power = std::pow(held, gamma);
  const double weight = alpha >= 0 ? alpha * y + (1 - alpha) * (1 - y) : 1;
  return {weight * power * bce.loss,
          weight * (gamma * power / held * wrong_slope * bce.loss + power * bce.slope)};
}

}  // namespace bernoulli::kernels

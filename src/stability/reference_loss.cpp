#include "stability/reference_loss.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace bernoulli::stability {
namespace {

/// log(1 + e^z).
long double softplus(long double z) { return std::max(z, 0.0L) + std::log1p(std::exp(-std::abs(z))); }

/// 1 / (1 + e^-z), small values to full relative accuracy.
long double sigmoid(long double z) {
  if (z >= 0) return 1 / (1 + std::exp(-z));
  const long double e = std::exp(z);
  return e / (1 + e);
}

ReferenceLoss cross_entropy(long double z, long double y) {
  const long double p = sigmoid(z), q = sigmoid(-z);
  const long double up = p * (1 - y), down = q * y;  // p - y, taken apart so that nothing cancels at y = 1
  return {(1 - y) * softplus(z) + y * softplus(-z), up - down, up + down};
}

/// wrong^gamma * cross entropy, and its derivative by the product rule.
ReferenceLoss focal(const ReferenceLoss& plain, const LossConfig& base, long double z, long double y) {
  const long double p = sigmoid(z), q = sigmoid(-z), gamma = base.gamma;
  const long double wrong = p * (1 - y) + q * y;
  const long double alpha = base.alpha ? *base.alpha * y + (1 - *base.alpha) * (1 - y) : 1.0L;
  const long double factor = std::pow(wrong, gamma);
  const long double slope = wrong > 0 ? gamma * factor / wrong * p * q * (1 - 2 * y) : 0.0L;
  return {alpha * factor * plain.loss, alpha * (factor * plain.gradient + slope * plain.loss),
          alpha * (factor * plain.gradient_scale + std::abs(slope) * plain.loss)};
}

}  // namespace

ReferenceLoss reference_loss(const LossConfig& base, LossConfig::Mode mode, long double logit,
                             long double target) {
  const long double smoothing = base.label_smoothing;
  const long double y = target * (1 - smoothing) + smoothing / 2;
  const ReferenceLoss plain = cross_entropy(logit, y);
  return mode == LossConfig::Mode::kFocalWithLogits ? focal(plain, base, logit, y) : plain;
}

long double spacing(at::ScalarType dtype, long double value) {
  int digits = 0, smallest_exponent = 0;  // of the significand; of the smallest normal number
  switch (dtype) {
    case at::kDouble:
      digits = 53, smallest_exponent = -1022;
      break;
    case at::kFloat:
      digits = 24, smallest_exponent = -126;
      break;
    case at::kBFloat16:
      digits = 8, smallest_exponent = -126;
      break;
    case at::kHalf:
      digits = 11, smallest_exponent = -14;
      break;
    default:
      throw InternalError("stability: curves are measured in float64, float32, bfloat16 and float16");
  }
  const int exponent = value == 0 ? smallest_exponent : std::max(std::ilogb(value), smallest_exponent);
  return std::ldexp(1.0L, exponent - digits + 1);
}

}  // namespace bernoulli::stability

#include "stability/reference_loss.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace bernoulli::stability {
namespace {

struct Sigmoid {
  long double p, q;                      ///< of z and of -z, each to full relative accuracy
  long double minus_log_q, minus_log_p;  ///< softplus of z and of -z
};

Sigmoid sigmoid(long double z) {
  const long double e = std::exp(-std::abs(z)), large = 1 / (1 + e), small = e / (1 + e),
                    rest = std::log1p(e);
  if (z >= 0) return {large, small, z + rest, rest};
  return {small, large, rest, rest - z};
}

ReferenceLoss cross_entropy(const Sigmoid& s, long double y) {
  const long double up = s.p * (1 - y),
                    down = s.q * y;  // p - y, taken apart so that nothing cancels at y = 1
  return {(1 - y) * s.minus_log_q + y * s.minus_log_p, up - down, up + down};
}

/// wrong^gamma * cross entropy, and its derivative by the product rule.
ReferenceLoss focal(const ReferenceLoss& plain, const LossConfig& base, const Sigmoid& s, long double y) {
  const long double gamma = base.gamma, wrong = s.p * (1 - y) + s.q * y;
  const long double alpha = base.alpha ? *base.alpha * y + (1 - *base.alpha) * (1 - y) : 1.0L;
  const long double factor = std::pow(wrong, gamma);
  const long double slope = wrong > 0 ? gamma * factor / wrong * s.p * s.q * (1 - 2 * y) : 0.0L;
  return {alpha * factor * plain.loss, alpha * (factor * plain.gradient + slope * plain.loss),
          alpha * (factor * plain.gradient_scale + std::abs(slope) * plain.loss)};
}

}  // namespace

ReferenceLoss reference_loss(const LossConfig& base, LossConfig::Mode mode, long double logit,
                             long double target) {
  const long double smoothing = base.label_smoothing;
  const long double y = target * (1 - smoothing) + smoothing / 2;
  const Sigmoid s = sigmoid(logit);
  const ReferenceLoss plain = cross_entropy(s, y);
  return mode == LossConfig::Mode::kFocalWithLogits ? focal(plain, base, s, y) : plain;
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

#include "stability/reference_loss.h"

#include <cmath>

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

}  // namespace bernoulli::stability

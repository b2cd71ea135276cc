#include "metrics/decision.h"

#include <cmath>

namespace bernoulli {

double sigmoid(double logit) {
  const double small = std::exp(-std::fabs(logit));  // in (0, 1]: cannot overflow
  return logit >= 0 ? 1 / (1 + small) : small / (1 + small);
}

float probability(float logit) { return 1 / (1 + std::exp(-logit)); }

bool is_positive(float logit, double threshold) { return double{probability(logit)} > threshold; }

}  // namespace bernoulli

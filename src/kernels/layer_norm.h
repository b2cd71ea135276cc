#pragma once

#include <cmath>
#include <cstdint>

namespace bernoulli::kernels {

/// x[count] to mean 0 and variance 1, then times weight plus bias, in place. Sums in float64.
inline void layer_norm(float* x, int64_t count, const float* weight, const float* bias, double eps) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < count; ++i) mean += double{x[i]};
  mean /= static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) variance += (double{x[i]} - mean) * (double{x[i]} - mean);
  const double scale = 1 / std::sqrt(variance / static_cast<double>(count) + eps);
  for (int64_t i = 0; i < count; ++i)
    x[i] = static_cast<float>((double{x[i]} - mean) * scale * double{weight[i]} + double{bias[i]});
}

}  // namespace bernoulli::kernels

#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/host_device.h"

namespace bernoulli::kernels {

enum class Activation : uint8_t { kRelu, kTanh, kGelu, kGeluTanh, kSigmoid, kSilu, kLeakyRelu };

/// y = f(x). `slope` is leaky_relu's.
void activate(Activation kind, float slope, const float* x, float* y, int64_t count);
/// gradient *= f'(x), as torch's autograd has it (relu' and leaky_relu' at 0: 0 and slope).
void activate_backward(Activation kind, float slope, const float* x, float* gradient, int64_t count);

namespace activation {

inline constexpr double kSqrt2 = 1.41421356237309504880;
inline constexpr double kOneBySqrtPi = 0.56418958354775628695;
inline constexpr double kGeluScale = 2 * kOneBySqrtPi / kSqrt2;  // sqrt(2 / pi)
inline constexpr double kGeluCube = 0.044715;

BERNOULLI_HOST_DEVICE inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
BERNOULLI_HOST_DEVICE inline double normal_cdf(double x) { return 0.5 * std::erfc(-x / kSqrt2); }
BERNOULLI_HOST_DEVICE inline double gelu_tanh(double x) {
  return std::tanh(kGeluScale * (x + kGeluCube * x * x * x));
}

/// In double: hidden layers are small beside the embedding, and digits are free here.
BERNOULLI_HOST_DEVICE inline double value(Activation kind, double slope, double x) {
  switch (kind) {
    case Activation::kRelu:
      return x > 0 ? x : (x != x ? x : 0);
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kGelu:
      return x * normal_cdf(x);
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + gelu_tanh(x));
    case Activation::kSigmoid:
      return sigmoid(x);
    case Activation::kSilu:
      return x * sigmoid(x);
    case Activation::kLeakyRelu:
      return x > 0 ? x : x * slope;
  }
  return x;
}

BERNOULLI_HOST_DEVICE inline double slope_at(Activation kind, double slope, double x) {
  switch (kind) {
    case Activation::kRelu:
      return x > 0 ? 1 : 0;
    case Activation::kTanh:
      return 1 - std::tanh(x) * std::tanh(x);
    case Activation::kGelu:
      return normal_cdf(x) + x * std::exp(-x * x / 2) * kOneBySqrtPi / kSqrt2;
    case Activation::kGeluTanh: {
      const double t = gelu_tanh(x);
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kGeluScale * (1 + 3 * kGeluCube * x * x);
    }
    case Activation::kSigmoid:
      return sigmoid(x) * (1 - sigmoid(x));
    case Activation::kSilu:
      return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    case Activation::kLeakyRelu:
      return x > 0 ? 1 : slope;
  }
  return 1;
}

}  // namespace activation
}  // namespace bernoulli::kernels

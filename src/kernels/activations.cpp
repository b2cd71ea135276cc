#include "kernels/activations.h"

#include <cmath>
#include <numbers>

namespace bernoulli::kernels {
namespace {

constexpr double kGeluScale = 2 * std::numbers::inv_sqrtpi / std::numbers::sqrt2;  // sqrt(2 / pi)
constexpr double kGeluCube = 0.044715;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double gelu_tanh(double x) { return std::tanh(kGeluScale * (x + kGeluCube * x * x * x)); }

/// In double: hidden layers are small beside the embedding, and digits are free here.
double value(Activation kind, double slope, double x) {
  switch (kind) {
    case Activation::kRelu:
      return x > 0 ? x : (std::isnan(x) ? x : 0);
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

double slope_at(Activation kind, double slope, double x) {
  switch (kind) {
    case Activation::kRelu:
      return x > 0 ? 1 : 0;
    case Activation::kTanh:
      return 1 - std::tanh(x) * std::tanh(x);
    case Activation::kGelu:
      return normal_cdf(x) + x * std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
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

}  // namespace

void activate(Activation kind, float slope, const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = static_cast<float>(value(kind, static_cast<double>(slope), static_cast<double>(x[i])));
}

void activate_backward(Activation kind, float slope, const float* x, float* gradient, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    gradient[i] *= static_cast<float>(slope_at(kind, static_cast<double>(slope), static_cast<double>(x[i])));
}

}  // namespace bernoulli::kernels

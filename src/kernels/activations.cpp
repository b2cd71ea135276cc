#include "kernels/activations.h"

namespace bernoulli::kernels {

void activate(Activation kind, float slope, const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = static_cast<float>(activation::value(kind, static_cast<double>(slope), static_cast<double>(x[i])));
}

void activate_backward(Activation kind, float slope, const float* x, float* gradient, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    gradient[i] *=
        static_cast<float>(activation::slope_at(kind, static_cast<double>(slope), static_cast<double>(x[i])));
}

}  // namespace bernoulli::kernels

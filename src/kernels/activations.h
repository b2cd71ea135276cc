#pragma once

#include <cstdint>

namespace bernoulli::kernels {

enum class Activation : uint8_t { kRelu, kTanh, kGelu, kGeluTanh, kSigmoid, kSilu, kLeakyRelu };

/// y = f(x). `slope` is leaky_relu's.
void activate(Activation kind, float slope, const float* x, float* y, int64_t count);
/// gradient *= f'(x), as torch's autograd has it (relu' and leaky_relu' at 0: 0 and slope).
void activate_backward(Activation kind, float slope, const float* x, float* gradient, int64_t count);

}  // namespace bernoulli::kernels

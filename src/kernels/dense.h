#pragma once

// Linear layers and sweeps over gradients. For lanes.h's three files only.

#include "kernels/kernels.h"
#include "kernels/lanes.h"

namespace bernoulli::kernels {
namespace {

void linear(const LinearShape& s, const float* x, const float* weight, const float* bias, float* z) {
  for (int64_t row = 0; row < s.rows; ++row) {
    for (int64_t unit = 0; unit < s.units; ++unit) {
      Floats sum = zeros();
      for (int64_t i = 0; i < s.stride_in; i += kLanes)
        sum = sum + load(x + row * s.stride_in + i) * load(weight + unit * s.stride_in + i);
      z[row * s.stride_out + unit] = sum_lanes(sum) + (bias != nullptr ? bias[unit] : 0.0f);
    }
  }
}

void linear_backward(const LinearShape& s, const float* x, const float* weight, const float* z_gradient,
                     float* weight_gradient, float* bias_gradient, float* x_gradient) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const float* dz = z_gradient + row * s.stride_out;
    for (int64_t i = 0; i < s.stride_in; i += kLanes) {
      const Floats input = load(x + row * s.stride_in + i);
      Floats sum = zeros();
      for (int64_t unit = 0; unit < s.units; ++unit) {
        const Floats g = all(dz[unit]);
        float* gradient = weight_gradient + unit * s.stride_in + i;
        store(gradient, load(gradient) + g * input);
        sum = sum + g * load(weight + unit * s.stride_in + i);
      }
      store(x_gradient + row * s.stride_in + i, sum);
    }
    if (bias_gradient == nullptr) continue;
    for (int64_t unit = 0; unit < s.units; ++unit) bias_gradient[unit] += dz[unit];
  }
}

double sum_of_squares(const float* x, int64_t count) {
  double total = 0;
  for (int64_t begin = 0; begin < count;) {  // float sums of at most 64 squares a lane keep their digits
    const int64_t end = begin + 1024 < count ? begin + 1024 : count;
    Floats even = zeros(), odd = zeros();
    for (; begin + 2 * kLanes <= end; begin += 2 * kLanes) {
      const Floats a = load(x + begin), b = load(x + begin + kLanes);
      even = even + a * a;
      odd = odd + b * b;
    }
    for (; begin < end; begin += kLanes) even = even + load(x + begin) * load(x + begin);
    total += static_cast<double>(sum_lanes(even + odd));
  }
  return total;
}

void scale(float* x, int64_t count, float by) {
  for (int64_t i = 0; i < count; i += kLanes) store(x + i, load(x + i) * all(by));
}

void clamp(float* x, int64_t count, float limit) {
  for (int64_t i = 0; i < count; ++i) x[i] = x[i] < -limit ? -limit : x[i] > limit ? limit : x[i];
}

}  // namespace

#define BERNOULLI_KERNELS(name)                                                                   \
  {                                                                                               \
    name, &pool, &scatter, &dropout, &linear, &linear_backward, &update, &catch_up, &take_marked, \
        &sum_of_squares, &scale, &clamp, {                                                        \
      &multiply_matrices, &add_rows, &add_scaled, &raise_highest, &lstm_forward, &lstm_backward,  \
          &gru_forward, &gru_backward                                                             \
    }                                                                                             \
  }

}  // namespace bernoulli::kernels

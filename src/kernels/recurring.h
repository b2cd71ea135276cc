#pragma once

// The gates of recurrent layers. For lanes.h's three files only.

#include "kernels/lanes.h"
#include "kernels/sequence_kernels.h"

namespace bernoulli::kernels {
namespace {

struct ExponentialMinusOne {
  Floats power;      ///< 2^n, n the whole part of x / log 2
  Floats remainder;  ///< exp(x) / 2^n - 1
};

/// For |x| <= 87, within two units of the last place: x = n log 2 + r, and Taylor's series of exp(r) - 1, of
/// which six terms are left out below half a unit for |r| <= log(2) / 2.
BERNOULLI_INLINE ExponentialMinusOne exponential_minus_one(const Floats& x) {
  constexpr float kLog2e = 1.44269504f;
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum; the first has few bits
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: behind it a float has no fraction
  const Floats shifted = x * all(kLog2e) + all(kRound);
  const Floats n = shifted - all(kRound);
  const Floats r = x - n * all(kLog2High) - n * all(kLog2Low);
  Floats series = all(1.0f / 5040);
  for (const float factor : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2})
    series = multiply_add(series, r, all(factor));
  return {float_of((words_of(shifted) << 23) + all_words(0x3f800000u)), multiply_add(series * r, r, r)};
}

BERNOULLI_INLINE Floats sigmoid(const Floats& x) {
  const ExponentialMinusOne e = exponential_minus_one(between(zeros() - x, -87.0f, 87.0f));
  return all(1.0f) / (all(1.0f) + multiply_add(e.power, e.remainder, e.power));
}

/// (exp(2x) - 1) / (exp(2x) + 1), whose digits stay where x is small. Beyond 9.1 it is 1 to the last bit.
BERNOULLI_INLINE Floats hyperbolic_tangent(const Floats& x) {
  const Floats bounded = between(x, -9.1f, 9.1f);
  const ExponentialMinusOne e = exponential_minus_one(bounded + bounded);
  const Floats less_one = multiply_add(e.power, e.remainder, e.power - all(1.0f));
  return less_one / (less_one + all(2.0f));
}

/// y (1 - y): the slope of sigmoid where it is y.
BERNOULLI_INLINE Floats sigmoid_slope(const Floats& y) { return y * (all(1.0f) - y); }
BERNOULLI_INLINE Floats tangent_slope(const Floats& y) { return all(1.0f) - y * y; }

void lstm_forward(const RecurrentStep& s, float* gates, float* memory, float* state) {
  for (int64_t row = 0; row < s.rows; ++row) {
    float* gate = gates + row * s.gates_step;
    const float* previous_memory = s.previous_memory + row * s.previous_step;
    for (int64_t i = 0; i < s.units; i += kLanes) {
      const Floats input = sigmoid(load(gate + i)), forget = sigmoid(load(gate + s.units + i)),
                   cell = hyperbolic_tangent(load(gate + 2 * s.units + i)),
                   output = sigmoid(load(gate + 3 * s.units + i));
      store(gate + i, input);
      store(gate + s.units + i, forget);
      store(gate + 2 * s.units + i, cell);
      store(gate + 3 * s.units + i, output);
      const Floats now = multiply_add(forget, load(previous_memory + i), input * cell);
      store(memory + row * s.units + i, now);
      store(state + row * s.units + i, output * hyperbolic_tangent(now));
    }
  }
}

void lstm_backward(const RecurrentStep& s, const float* gates, const float* memory,
                   const float* state_gradient, float* memory_gradient, float* gates_gradient) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const float* gate = gates + row * s.gates_step;
    const float* previous_memory = s.previous_memory + row * s.previous_step;
    float* out = gates_gradient + row * s.gates_step;
    for (int64_t i = 0; i < s.units; i += kLanes) {
      const int64_t at = row * s.units + i;
      const Floats input = load(gate + i), forget = load(gate + s.units + i),
                   cell = load(gate + 2 * s.units + i), output = load(gate + 3 * s.units + i);
      const Floats tangent = hyperbolic_tangent(load(memory + at)), of_state = load(state_gradient + at);
      const Floats of_memory =
          multiply_add(of_state * output, tangent_slope(tangent), load(memory_gradient + at));
      store(out + i, of_memory * cell * sigmoid_slope(input));
      store(out + s.units + i, of_memory * load(previous_memory + i) * sigmoid_slope(forget));
      store(out + 2 * s.units + i, of_memory * input * tangent_slope(cell));
      store(out + 3 * s.units + i, of_state * tangent * sigmoid_slope(output));
      store(memory_gradient + at, of_memory * forget);
    }
  }
}

void gru_forward(const RecurrentStep& s, float* gates, float* state) {
  for (int64_t row = 0; row < s.rows; ++row) {
    float* gate = gates + row * s.gates_step;
    const float* previous = s.previous_state + row * s.previous_step;
    for (int64_t i = 0; i < s.units; i += kLanes) {
      const Floats reset = sigmoid(load(gate + s.units + i)), update = sigmoid(load(gate + 2 * s.units + i));
      const Floats fresh =
          hyperbolic_tangent(multiply_add(reset, load(gate + 3 * s.units + i), load(gate + i)));
      store(gate + i, fresh);
      store(gate + s.units + i, reset);
      store(gate + 2 * s.units + i, update);
      store(state + row * s.units + i, multiply_add(update, load(previous + i) - fresh, fresh));
    }
  }
}

void gru_backward(const RecurrentStep& s, const float* gates, const float* state_gradient,
                  float* previous_gradient, float* gates_gradient) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const float* gate = gates + row * s.gates_step;
    const float* previous = s.previous_state + row * s.previous_step;
    float* out = gates_gradient + row * s.gates_step;
    for (int64_t i = 0; i < s.units; i += kLanes) {
      const int64_t at = row * s.units + i;
      const Floats fresh = load(gate + i), reset = load(gate + s.units + i),
                   update = load(gate + 2 * s.units + i), of_state = load(state_gradient + at);
      const Floats of_fresh = of_state * (all(1.0f) - update) * tangent_slope(fresh);
      store(out + i, of_fresh);
      store(out + s.units + i, of_fresh * load(gate + 3 * s.units + i) * sigmoid_slope(reset));
      store(out + 2 * s.units + i, of_state * (load(previous + i) - fresh) * sigmoid_slope(update));
      store(out + 3 * s.units + i, of_fresh * reset);
      if (previous_gradient == nullptr) continue;
      store(previous_gradient + at, multiply_add(of_state, update, load(previous_gradient + at)));
    }
  }
}

}  // namespace
}  // namespace bernoulli::kernels

#include "export/onnx_recurrent.h"

#include <cstdint>
#include <string>

#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "core/error.h"
#include "export/onnx_attribute.h"

namespace bernoulli {
namespace {

using layers::OnnxNode;

/// Behind a token: [N, H] each.
struct State {
  at::Tensor hidden;
  at::Tensor memory;  ///< of an LSTM
};

/// @param from_input  [N, gates * H]   @param from_state  the same, of the state before
using Cell = State (*)(const at::Tensor& from_input, const at::Tensor& from_state, const State& before);

/// Gates update, reset, new.
State gru(const at::Tensor& from_input, const at::Tensor& from_state, const State& before) {
  const std::vector<at::Tensor> input = from_input.chunk(3, 1), state = from_state.chunk(3, 1);
  const at::Tensor update = at::sigmoid(input[0] + state[0]);
  const at::Tensor proposed = at::tanh(input[2] + at::sigmoid(input[1] + state[1]) * state[2]);
  return {(1 - update) * proposed + update * before.hidden, before.memory};
}

/// Gates input, output, forget, cell.
State lstm(const at::Tensor& from_input, const at::Tensor& from_state, const State& before) {
  const std::vector<at::Tensor> gates = (from_input + from_state).chunk(4, 1);
  const at::Tensor memory =
      at::sigmoid(gates[2]) * before.memory + at::sigmoid(gates[0]) * at::tanh(gates[3]);
  return {at::sigmoid(gates[1]) * at::tanh(memory), memory};
}

/// One direction: the states behind each token [T, N, H], and the last.
struct Passed {
  at::Tensor states;
  at::Tensor last;
};

/// @param from_input  [T, N, gates * H]
Passed pass(Cell cell, const at::Tensor& from_input, const at::Tensor& weight, const at::Tensor& bias,
            const at::Tensor& lengths, bool reverse) {
  const int64_t length = from_input.size(0);
  const at::Tensor zeros = at::zeros({from_input.size(1), weight.size(1)}, from_input.options());
  State state{zeros, zeros};
  std::vector<at::Tensor> states(static_cast<size_t>(length));
  for (int64_t step = 0; step < length; ++step) {
    const int64_t position = reverse ? length - 1 - step : step;
    const at::Tensor real = lengths.gt(position).unsqueeze(1);
    const State next = cell(from_input[position], at::linear(state.hidden, weight, bias), state);
    state = {at::where(real, next.hidden, state.hidden), at::where(real, next.memory, state.memory)};
    states[static_cast<size_t>(position)] = at::where(real, state.hidden, zeros);
  }
  return {at::stack(states), state.hidden};
}

at::Tensor run(const OnnxNode& node, const std::vector<at::Tensor>& inputs, Cell cell) {
  const auto direction = onnx_attribute<std::string>(node, "direction");
  if (direction != "forward" && direction != "bidirectional")
    throw ArtifactError(fmt::format("its direction is '{}', expected forward or bidirectional", direction));
  if (const auto units = onnx_attribute<int64_t>(node, "hidden_size"); units != inputs[2].size(2))
    throw ArtifactError(fmt::format("its hidden_size is {}, its weights have {}", units, inputs[2].size(2)));
  std::vector<at::Tensor> states, last;
  for (int64_t d = 0; d < (direction == "forward" ? 1 : 2); ++d) {
    const std::vector<at::Tensor> bias = inputs[3][d].chunk(2, 0);
    const at::Tensor from_input = at::linear(inputs[0], inputs[1][d], bias[0]);
    const Passed passed = pass(cell, from_input, inputs[2][d], bias[1], inputs[4], /*reverse=*/d == 1);
    states.push_back(passed.states);
    last.push_back(passed.last);
  }
  return node.output_index == 0 ? at::stack(states, 1) : at::stack(last);
}

}  // namespace

at::Tensor run_onnx_gru(const OnnxNode& node, const std::vector<at::Tensor>& inputs) {
  if (onnx_attribute<int64_t>(node, "linear_before_reset") != 1)
    throw ArtifactError("its linear_before_reset is not 1");
  return run(node, inputs, gru);
}

at::Tensor run_onnx_lstm(const OnnxNode& node, const std::vector<at::Tensor>& inputs) {
  return run(node, inputs, lstm);
}

}  // namespace bernoulli

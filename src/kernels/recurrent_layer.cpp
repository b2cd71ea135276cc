#include "kernels/recurrent_layer.h"

#include <algorithm>
#include <numeric>

namespace bernoulli::kernels {

TokenOrder::TokenOrder(std::span<const int64_t> lengths) : texts_(lengths.size()), begins_{0} {
  const auto length = [&](int64_t text) { return lengths[static_cast<size_t>(text)]; };
  std::iota(texts_.begin(), texts_.end(), 0);
  std::stable_sort(texts_.begin(), texts_.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
  auto end = texts_.end();  // of the texts that go on
  for (int64_t step = 0;; ++step) {
    while (end != texts_.begin() && length(*(end - 1)) <= step) --end;
    if (end == texts_.begin()) break;
    begins_.push_back(begins_.back() + (end - texts_.begin()));
  }
}

std::vector<int64_t> TokenOrder::cut(int64_t parts) const {
  std::vector<int64_t> cuts{0};
  const int64_t texts = num_steps() == 0 ? 0 : num_texts(0);
  int64_t tokens = 0, length = num_steps();
  for (int64_t place = 0; place < texts; ++place) {
    if (place > 0 && tokens * parts >= num_tokens() * static_cast<int64_t>(cuts.size()))
      cuts.push_back(place);
    while (num_texts(length - 1) <= place) --length;
    tokens += length;
  }
  cuts.resize(static_cast<size_t>(parts) + 1, texts);
  return cuts;
}

namespace {

/// Rows of torch's [gates * units, width] as rows of gates that are padded to `step` units.
LaneVector spread(const int64_t* torch_gates, int64_t num_gates, const float* torch, int64_t units,
                  int64_t step, int64_t width) {
  LaneVector rows(static_cast<size_t>(num_gates * step * width));
  for (int64_t gate = 0; gate < num_gates; ++gate)
    std::copy_n(torch + torch_gates[gate] * units * width, units * width, rows.data() + gate * step * width);
  return rows;
}

}  // namespace

RecurrentLayer::RecurrentLayer(Cell cell, Pass pass, int64_t inputs, int64_t units,
                               const RecurrentWeights& weights)
    : cell_(cell),
      gates_(cell == Cell::kLstm ? Gates{4, 0, {0, 1, 2, 3}, {0, 1, 2, 3}}
                                 : Gates{3, 1, {2, 0, 1}, {0, 1, 2}}),
      inputs_(inputs),
      units_(units),
      state_step_(padded(units)),
      gates_step_((gates_.first_of_state + gates_.num) * state_step_),
      kernels_(available_kernels().front()->sequence),
      bias_(static_cast<size_t>(gates_step_)),
      no_state_(static_cast<size_t>(state_step_)),
      of_inputs_(pack(pass, Reads::kInputs, weights.weight_ih, inputs)),
      of_state_(pack(pass, Reads::kState, weights.weight_hh, units)) {
  for (const auto& [reads, torch] :
       {std::pair{Reads::kInputs, weights.bias_ih}, {Reads::kState, weights.bias_hh}}) {
    const LaneVector rows = spread(torch_gates(reads), gates_.num, torch, units, state_step_, 1);
    for (size_t i = 0; i < rows.size(); ++i) bias_[static_cast<size_t>(offset(reads)) + i] += rows[i];
  }
}

LaneVector RecurrentLayer::pack(Pass pass, Reads reads, const float* torch, int64_t width) const {
  const int64_t rows = num_gate_rows();
  const LaneVector weight = spread(torch_gates(reads), gates_.num, torch, units_, state_step_, width);
  const bool forward = pass == Pass::kForward;
  LaneVector panels(static_cast<size_t>(forward ? width * in_panels(rows) : rows * in_panels(width)));
  if (forward)
    pack_panels(weight.data(), width, rows, 1, width, panels.data());
  else
    pack_panels(weight.data(), rows, width, width, 1, panels.data());
  return panels;
}

void RecurrentLayer::read(const float* x, int64_t begin, int64_t end, float* gates) const {
  for (int64_t token = begin; token < end; ++token)
    std::copy(bias_.begin(), bias_.end(), gates + token * gates_step_);
  kernels_.multiply_add({end - begin, num_gate_rows(), inputs_, x + begin * inputs_, inputs_, 1,
                         of_inputs_.data(), gates + begin * gates_step_, gates_step_});
}

RecurrentStep RecurrentLayer::step_at(const TokenOrder& order, int64_t step, int64_t first, int64_t last,
                                      const RecurrentStates& states) const {
  RecurrentStep s{std::min(last, order.num_texts(step)) - first, state_step_, gates_step_};
  if (step == 0 && states.first_states == nullptr) {
    s.previous_state = s.previous_memory = no_state_.data();
    return s;
  }
  s.previous_step = state_step_;
  if (step == 0) {
    s.previous_state = states.first_states + first * state_step_;
    if (cell_ == Cell::kLstm) s.previous_memory = states.first_memories + first * state_step_;
    return s;
  }
  const int64_t row = (order.begin(step - 1) + first) * state_step_;
  s.previous_state = states.states + row;
  if (cell_ == Cell::kLstm) s.previous_memory = states.memories + row;
  return s;
}

void RecurrentLayer::run(const TokenOrder& order, int64_t first, int64_t last,
                         const RecurrentStates& states) const {
  for (int64_t step = 0; step < order.num_steps() && order.num_texts(step) > first; ++step) {
    const RecurrentStep s = step_at(order, step, first, last, states);
    const int64_t row = order.begin(step) + first;
    float* gates = states.gates + row * gates_step_;
    if (step > 0 || states.first_states != nullptr) {
      kernels_.multiply_add({s.rows, num_gate_rows(), units_, s.previous_state, state_step_, 1,
                             of_state_.data(), gates + offset(Reads::kState), gates_step_});
    }
    if (cell_ == Cell::kLstm)
      kernels_.lstm_forward(s, gates, states.memories + row * state_step_, states.states + row * state_step_);
    else
      kernels_.gru_forward(s, gates, states.states + row * state_step_);
  }
}

void RecurrentLayer::run_backward(const TokenOrder& order, int64_t first, int64_t last,
                                  const RecurrentStates& states, float* state_gradients,
                                  float* gates_gradients) const {
  LaneVector memory_gradients(cell_ == Cell::kLstm ? static_cast<size_t>((last - first) * state_step_) : 0);
  int64_t step = order.num_steps();
  while (step > 0 && order.num_texts(step - 1) <= first) --step;
  while (step-- > 0) {
    const RecurrentStep s = step_at(order, step, first, last, states);
    const int64_t row = order.begin(step) + first;
    const float* gates = states.gates + row * gates_step_;
    const float* state_gradient = state_gradients + row * state_step_;
    float* gradient = gates_gradients + row * gates_step_;
    float* previous = step == 0 ? nullptr : state_gradients + (order.begin(step - 1) + first) * state_step_;
    if (cell_ == Cell::kLstm) {
      kernels_.lstm_backward(s, gates, states.memories + row * state_step_, state_gradient,
                             memory_gradients.data(), gradient);
    } else {
      kernels_.gru_backward(s, gates, state_gradient, previous, gradient);
    }
    if (step == 0) continue;
    kernels_.multiply_add({s.rows, state_step_, num_gate_rows(), gradient + offset(Reads::kState),
                           gates_step_, 1, of_state_.data(), previous, state_step_});
  }
}

void RecurrentLayer::read_backward(const float* gates_gradients, int64_t begin, int64_t end,
                                   float* x_gradient) const {
  const int64_t step = padded(inputs_);
  kernels_.multiply_add({end - begin, inputs_, num_gate_rows(), gates_gradients + begin * gates_step_,
                         gates_step_, 1, of_inputs_.data(), x_gradient + begin * step, step});
}

void RecurrentLayer::weight_gradient(Reads reads, const float* gates_gradients, int64_t num_tokens,
                                     const float* packed, int64_t begin, int64_t end, float* gradient) const {
  const int64_t width = reads == Reads::kInputs ? inputs_ : units_, step = padded(width);
  kernels_.multiply_add({end - begin, width, num_tokens, gates_gradients + offset(reads) + begin, 1,
                         gates_step_, packed, gradient + begin * step, step});
}

LaneVector RecurrentLayer::previous_states(const TokenOrder& order, const float* states) const {
  LaneVector rows;
  for (int64_t step = 1; step < order.num_steps(); ++step) {
    const float* before = states + order.begin(step - 1) * state_step_;
    rows.insert(rows.end(), before, before + order.num_texts(step) * state_step_);
  }
  return rows;
}

void RecurrentLayer::weight_to_torch(Reads reads, const float* gradient, float* torch) const {
  const int64_t width = reads == Reads::kInputs ? inputs_ : units_, step = padded(width);
  for (int64_t gate = 0; gate < gates_.num; ++gate) {
    float* to = torch + torch_gates(reads)[gate] * units_ * width;
    for (int64_t unit = 0; unit < units_; ++unit, to += width)
      std::copy_n(gradient + (gate * state_step_ + unit) * step, width, to);
  }
}

void RecurrentLayer::bias_gradient(Reads reads, const float* sums, float* torch) const {
  for (int64_t gate = 0; gate < gates_.num; ++gate) {
    std::copy_n(sums + offset(reads) + gate * state_step_, units_, torch + torch_gates(reads)[gate] * units_);
  }
}

}  // namespace bernoulli::kernels

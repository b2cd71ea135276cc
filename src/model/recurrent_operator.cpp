#include <algorithm>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/recurrent_layer.h"
#include "model/in_parts.h"
#include "model/operators.h"

namespace bernoulli {
namespace {

using kernels::Cell;
using kernels::Pass;
using kernels::Reads;
using kernels::RecurrentLayer;
using kernels::RecurrentStates;
using kernels::TokenOrder;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::span<const int64_t> numbers_of(const at::Tensor& lengths) {
  return {lengths.const_data_ptr<int64_t>(), static_cast<size_t>(lengths.numel())};
}

/// work(first, last) on every thread's share of the texts.
template <typename Work>
void on_texts(const TokenOrder& order, Work work) {
  const int64_t parts = at::get_num_threads();
  const std::vector<int64_t> cuts = order.cut(parts);
  in_parts(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part)
      work(cuts[static_cast<size_t>(part)], cuts[static_cast<size_t>(part) + 1]);
  });
}

constexpr int64_t kTokensAtOnce = 256;

/// The rows of a padded [B, T, width] in a TokenOrder.
struct Rows {
  Rows(const at::Tensor& lengths, int64_t length, bool reversed) : order(numbers_of(lengths)) {
    rows.reserve(static_cast<size_t>(order.num_tokens()));
    const std::span<const int64_t> tokens = numbers_of(lengths);
    for (int64_t step = 0; step < order.num_steps(); ++step) {
      for (int64_t place = 0; place < order.num_texts(step); ++place) {
        const int64_t text = order.text(place);
        const int64_t position = reversed ? tokens[static_cast<size_t>(text)] - 1 - step : step;
        rows.push_back(text * length + position);
      }
    }
  }

  /// Every token's numbers: to its row of `padded` from its row of `ordered`, `step` numbers wide; or back.
  void spread(const float* ordered, int64_t step, float* padded, int64_t width) const {
    in_parts(order.num_tokens(), kTokensAtOnce, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        std::copy_n(ordered + i * step, width, padded + rows[static_cast<size_t>(i)] * width);
    });
  }
  void gather(const float* padded, int64_t width, float* ordered, int64_t step) const {
    in_parts(order.num_tokens(), kTokensAtOnce, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        std::copy_n(padded + rows[static_cast<size_t>(i)] * width, width, ordered + i * step);
    });
  }
  /// work(row of the last token of a text, number of the text)
  template <typename Work>
  void for_each_last(Work work) const {
    for (int64_t step = 0; step < order.num_steps(); ++step) {
      const int64_t going = step + 1 < order.num_steps() ? order.num_texts(step + 1) : 0;
      for (int64_t place = going; place < order.num_texts(step); ++place)
        work(order.begin(step) + place, order.text(place));
    }
  }

  TokenOrder order;
  std::vector<int64_t> rows;
};

struct Recurrent : torch::autograd::Function<Recurrent> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& lengths,
                            const at::Tensor& weight_ih, const at::Tensor& weight_hh,
                            const at::Tensor& bias_ih, const at::Tensor& bias_hh, int64_t cell, bool reversed,
                            bool last);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

RecurrentLayer layer_of(Pass pass, int64_t cell, const at::Tensor& weight_ih, const at::Tensor& weight_hh,
                        const at::Tensor& bias_ih, const at::Tensor& bias_hh) {
  return {static_cast<Cell>(cell),
          pass,
          weight_ih.size(1),
          weight_hh.size(1),
          {weight_ih.const_data_ptr<float>(), weight_hh.const_data_ptr<float>(),
           bias_ih.const_data_ptr<float>(), bias_hh.const_data_ptr<float>()}};
}

at::Tensor Recurrent::forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& lengths,
                              const at::Tensor& weight_ih, const at::Tensor& weight_hh,
                              const at::Tensor& bias_ih, const at::Tensor& bias_hh, int64_t cell,
                              bool reversed, bool last) {
  const RecurrentLayer layer = layer_of(Pass::kForward, cell, weight_ih, weight_hh, bias_ih, bias_hh);
  const int64_t inputs = weight_ih.size(1), units = weight_hh.size(1);
  const Rows rows(lengths, x.size(1), reversed);
  const int64_t tokens = rows.order.num_tokens();

  const at::Tensor read = at::empty({tokens, inputs}, x.options());
  rows.gather(x.const_data_ptr<float>(), inputs, read.mutable_data_ptr<float>(), inputs);
  const at::Tensor gates = at::empty({tokens, layer.gates_step()}, x.options());
  const at::Tensor states = at::empty({tokens, layer.state_step()}, x.options());
  const at::Tensor memories =
      at::empty({static_cast<Cell>(cell) == Cell::kLstm ? tokens : 0, layer.state_step()}, x.options());
  const RecurrentStates all{gates.mutable_data_ptr<float>(), states.mutable_data_ptr<float>(),
                            memories.mutable_data_ptr<float>()};
  in_parts(tokens, kTokensAtOnce, [&](int64_t begin, int64_t end) {
    layer.read(read.const_data_ptr<float>(), begin, end, all.gates);
  });
  on_texts(rows.order, [&](int64_t first, int64_t end) { layer.run(rows.order, first, end, all); });

  context->save_for_backward(
      {read, lengths, weight_ih, weight_hh, bias_ih, bias_hh, gates, states, memories});
  context->saved_data["cell"] = cell;
  context->saved_data["length"] = x.size(1);
  context->saved_data["reversed"] = reversed;
  context->saved_data["last"] = last;
  if (last) {
    at::Tensor out = at::zeros({x.size(0), units}, x.options());
    float* to = out.mutable_data_ptr<float>();
    rows.for_each_last([&](int64_t row, int64_t text) {
      std::copy_n(all.states + row * layer.state_step(), units, to + text * units);
    });
    return out;
  }
  at::Tensor out = at::zeros({x.size(0), x.size(1), units}, x.options());
  rows.spread(all.states, layer.state_step(), out.mutable_data_ptr<float>(), units);
  return out;
}

/// That of a weight [gates * units, width]. @param read  what the gates of these tokens read, `step` numbers
/// a token
at::Tensor weight_gradient(const RecurrentLayer& layer, Reads reads, const float* gates_gradients,
                           int64_t tokens, const float* read, int64_t step, const at::Tensor& weight) {
  const int64_t width = weight.size(1);
  kernels::LaneVector packed(static_cast<size_t>(tokens * kernels::in_panels(width)));
  kernels::pack_panels(read, tokens, width, step, 1, packed.data());
  kernels::LaneVector sums(static_cast<size_t>(layer.num_gate_rows() * kernels::padded(width)));
  in_parts(layer.num_gate_rows(), 32, [&](int64_t begin, int64_t end) {
    layer.weight_gradient(reads, gates_gradients, tokens, packed.data(), begin, end, sums.data());
  });
  at::Tensor out = at::empty(weight.sizes(), weight.options());
  layer.weight_to_torch(reads, sums.data(), out.mutable_data_ptr<float>());
  return out;
}

at::Tensor bias_gradient(const RecurrentLayer& layer, Reads reads, const float* sums,
                         const at::Tensor& bias) {
  at::Tensor out = at::empty(bias.sizes(), bias.options());
  layer.bias_gradient(reads, sums, out.mutable_data_ptr<float>());
  return out;
}

/// [tokens, RecurrentLayer::state_step()]: what reaches each state from the output. @param from  the gradient
/// of the output @param last  whether that is the last state of each text alone
at::Tensor state_gradients(const Rows& rows, const at::Tensor& from, bool last, int64_t state_step) {
  const int64_t units = from.size(-1);
  at::Tensor out = at::zeros({rows.order.num_tokens(), state_step}, from.options());
  float* to = out.mutable_data_ptr<float>();
  if (last) {
    rows.for_each_last([&](int64_t row, int64_t text) {
      std::copy_n(from.const_data_ptr<float>() + text * units, units, to + row * state_step);
    });
  } else {
    rows.gather(from.const_data_ptr<float>(), units, to, state_step);
  }
  return out;
}

/// That of x, of `sizes`, from those of the gates.
at::Tensor input_gradient(const RecurrentLayer& layer, const Rows& rows, const at::Tensor& gates_gradients,
                          at::IntArrayRef sizes) {
  const int64_t tokens = rows.order.num_tokens(), inputs = sizes.back(), step = kernels::padded(inputs);
  const at::Tensor of_read = at::zeros({tokens, step}, gates_gradients.options());
  in_parts(tokens, kTokensAtOnce, [&](int64_t begin, int64_t end) {
    layer.read_backward(gates_gradients.const_data_ptr<float>(), begin, end,
                        of_read.mutable_data_ptr<float>());
  });
  at::Tensor out = at::zeros(sizes, gates_gradients.options());
  rows.spread(of_read.const_data_ptr<float>(), step, out.mutable_data_ptr<float>(), inputs);
  return out;
}

variable_list Recurrent::backward(AutogradContext* context, const variable_list& gradients) {
  const variable_list saved = context->get_saved_variables();
  const at::Tensor &read = saved[0], &lengths = saved[1], &weight_ih = saved[2], &weight_hh = saved[3];
  const RecurrentLayer layer = layer_of(Pass::kBackward, context->saved_data["cell"].toInt(), weight_ih,
                                        weight_hh, saved[4], saved[5]);
  const int64_t length = context->saved_data["length"].toInt(), inputs = weight_ih.size(1);
  const Rows rows(lengths, length, context->saved_data["reversed"].toBool());
  const TokenOrder& order = rows.order;
  const int64_t tokens = order.num_tokens(), state_step = layer.state_step();
  const RecurrentStates all{saved[6].mutable_data_ptr<float>(), saved[7].mutable_data_ptr<float>(),
                            saved[8].mutable_data_ptr<float>()};

  const at::Tensor states_gradients =
      state_gradients(rows, gradients[0].contiguous(), context->saved_data["last"].toBool(), state_step);
  float* of_states = states_gradients.mutable_data_ptr<float>();
  const at::Tensor gates_gradients = at::empty({tokens, layer.gates_step()}, read.options());
  float* of_gates = gates_gradients.mutable_data_ptr<float>();
  on_texts(order, [&](int64_t first, int64_t end) {
    layer.run_backward(order, first, end, all, of_states, of_gates);
  });

  at::Tensor of_x;
  if (context->needs_input_grad(0))
    of_x = input_gradient(layer, rows, gates_gradients, {lengths.size(0), length, inputs});
  const int64_t second = order.num_steps() == 0 ? 0 : order.num_texts(0);
  const kernels::LaneVector previous = layer.previous_states(order, all.states);
  std::vector<float> sums(static_cast<size_t>(layer.gates_step()));
  kernels::available_kernels().front()->sequence.add_rows(of_gates, tokens, layer.gates_step(),
                                                          layer.gates_step(), sums.data());
  return {of_x,
          {},
          weight_gradient(layer, Reads::kInputs, of_gates, tokens, read.const_data_ptr<float>(), inputs,
                          weight_ih),
          weight_gradient(layer, Reads::kState, of_gates + second * layer.gates_step(), tokens - second,
                          previous.data(), state_step, weight_hh),
          bias_gradient(layer, Reads::kInputs, sums.data(), saved[4]),
          bias_gradient(layer, Reads::kState, sums.data(), saved[5]),
          {},
          {},
          {}};
}

at::Tensor recurrent(Cell cell, const at::Tensor& x, const at::Tensor& lengths, const at::Tensor& weight_ih,
                     const at::Tensor& weight_hh, const at::Tensor& bias_ih, const at::Tensor& bias_hh,
                     bool reversed, bool last) {
  const auto plain = [](const at::Tensor& tensor) { return tensor.to(at::kFloat).contiguous(); };
  return Recurrent::apply(plain(x), lengths.contiguous(), plain(weight_ih), plain(weight_hh), plain(bias_ih),
                          plain(bias_hh), static_cast<int64_t>(cell), reversed, last)
      .to(x.scalar_type());
}

}  // namespace

at::Tensor lstm(const at::Tensor& x, const at::Tensor& lengths, const at::Tensor& weight_ih,
                const at::Tensor& weight_hh, const at::Tensor& bias_ih, const at::Tensor& bias_hh,
                bool reversed, bool last) {
  return recurrent(Cell::kLstm, x, lengths, weight_ih, weight_hh, bias_ih, bias_hh, reversed, last);
}

at::Tensor gru(const at::Tensor& x, const at::Tensor& lengths, const at::Tensor& weight_ih,
               const at::Tensor& weight_hh, const at::Tensor& bias_ih, const at::Tensor& bias_hh,
               bool reversed, bool last) {
  return recurrent(Cell::kGru, x, lengths, weight_ih, weight_hh, bias_ih, bias_hh, reversed, last);
}

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/lane_vector.h"

namespace bernoulli::kernels {

/// The tokens of some texts, one row each: all first tokens, then all second ones, the longest text first, so
/// that the texts which go on are the first rows of a step. Padding has no row.
class TokenOrder {
 public:
  explicit TokenOrder(std::span<const int64_t> lengths);

  int64_t num_tokens() const { return begins_.back(); }
  int64_t num_steps() const { return static_cast<int64_t>(begins_.size()) - 1; }
  /// Row of the first token of a step; that of num_steps() is num_tokens().
  int64_t begin(int64_t step) const { return begins_[static_cast<size_t>(step)]; }
  int64_t num_texts(int64_t step) const { return begin(step + 1) - begin(step); }
  /// Text number `place` by length: the one at row begin(step) + place.
  int64_t text(int64_t place) const { return texts_[static_cast<size_t>(place)]; }
  /// Places 0 .. all texts, cut where about as many tokens are in each part. `parts` + 1 numbers.
  std::vector<int64_t> cut(int64_t parts) const;

 private:
  std::vector<int64_t> texts_;
  std::vector<int64_t> begins_;
};

enum class Cell : uint8_t { kLstm, kGru };

/// What a layer is made for: run() and read(), or their backwards, each of which needs the weights as panels
/// of its own.
enum class Pass : uint8_t { kForward, kBackward };

/// What a gate's weights are multiplied with.
enum class Reads : uint8_t { kInputs, kState };

/// As torch.nn.LSTM and torch.nn.GRU have them, row-major: weight_ih [gates * units, inputs], weight_hh
/// [gates * units, units], biases [gates * units].
struct RecurrentWeights {
  const float* weight_ih = nullptr;
  const float* weight_hh = nullptr;
  const float* bias_ih = nullptr;
  const float* bias_hh = nullptr;
};

/// What forward leaves for backward; a row is a token. Texts may be read in parts, forward alone: then the
/// last rows of a part are what the next one begins with.
struct RecurrentStates {
  float* gates = nullptr;                 ///< [tokens, gates_step()]
  float* states = nullptr;                ///< [tokens, state_step()]
  float* memories = nullptr;              ///< the same, lstm
  const float* first_states = nullptr;    ///< before the first token [texts, state_step()]; null: zeros
  const float* first_memories = nullptr;  ///< the same, lstm
};

/// One direction of an LSTM or GRU over texts in a TokenOrder. Every method works on some rows or texts, so
/// that the caller deals them to threads; the bits do not depend on how.
class RecurrentLayer {
 public:
  RecurrentLayer(Cell cell, Pass pass, int64_t inputs, int64_t units, const RecurrentWeights& weights);

  int64_t gates_step() const { return gates_step_; }
  int64_t state_step() const { return state_step_; }

  /// What the inputs x [tokens, inputs] and the biases give to the gates of tokens begin .. end - 1.
  void read(const float* x, int64_t begin, int64_t end, float* gates) const;
  /// Behind read(): all steps of the texts at places first .. last - 1.
  void run(const TokenOrder& order, int64_t first, int64_t last, const RecurrentStates& states) const;

  /// Backward of run(). @param state_gradients  of the loss by each token's state as an output [tokens,
  /// state_step()]; what comes back through later tokens is added
  /// @param gates_gradients [tokens, gates_step()]: set
  void run_backward(const TokenOrder& order, int64_t first, int64_t last, const RecurrentStates& states,
                    float* state_gradients, float* gates_gradients) const;
  /// Backward of read(): adds to x_gradient [tokens, padded(inputs)].
  void read_backward(const float* gates_gradients, int64_t begin, int64_t end, float* x_gradient) const;

  /// Rows of a weight gradient, so that threads may share them: a gate and unit each.
  int64_t num_gate_rows() const { return gates_.num * state_step_; }
  /// Adds to rows begin .. end - 1 of gradient [num_gate_rows(), padded(width)]: over some tokens, the sum
  /// of a gate's gradient times what the gate read.
  /// @param gates_gradients  of the first of these tokens
  /// @param packed  by pack_panels, [num_tokens, width]: x, or previous_states() for the tokens from the
  /// second step on
  void weight_gradient(Reads reads, const float* gates_gradients, int64_t num_tokens, const float* packed,
                       int64_t begin, int64_t end, float* gradient) const;
  /// The state before each token from the second step on, [tokens, state_step()].
  LaneVector previous_states(const TokenOrder& order, const float* states) const;
  /// Such a gradient as that of torch's weight.
  void weight_to_torch(Reads reads, const float* gradient, float* torch) const;
  /// That of torch's bias from the sums of gates_gradients over tokens, [gates_step()].
  void bias_gradient(Reads reads, const float* sums, float* torch) const;

 private:
  /// The gates of a row, side by side: first those that read the inputs; those that read the state may begin
  /// later.
  struct Gates {
    int64_t num;  ///< that read the inputs, and as many read the state
    int64_t first_of_state;
    int64_t torch_of_inputs[4];  ///< torch's number of each
    int64_t torch_of_state[4];
  };
  const int64_t* torch_gates(Reads reads) const {
    return reads == Reads::kInputs ? gates_.torch_of_inputs : gates_.torch_of_state;
  }
  int64_t offset(Reads reads) const {
    return reads == Reads::kInputs ? 0 : gates_.first_of_state * state_step_;
  }
  LaneVector pack(Pass pass, Reads reads, const float* torch, int64_t width) const;
  RecurrentStep step_at(const TokenOrder& order, int64_t step, int64_t first, int64_t last,
                        const RecurrentStates& states) const;

  Cell cell_;
  Gates gates_;
  int64_t inputs_;
  int64_t units_;
  int64_t state_step_;
  int64_t gates_step_;
  const SequenceKernels& kernels_;
  LaneVector bias_;                  ///< of a row of gates
  LaneVector no_state_;              ///< before the first token
  LaneVector of_inputs_, of_state_;  ///< panels: from what is read to the gates, or back
};

}  // namespace bernoulli::kernels

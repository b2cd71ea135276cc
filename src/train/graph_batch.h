#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/encoded_dataset.h"
#include "loss/loss.h"
#include "train/autograd_model.h"
#include "train/repeated_work.h"

namespace bernoulli {

/// Batches of one shape are one graph. `width` is T of padded rows, or the place for the tokens of a ragged
/// batch; it is one of few, so that batches of about the same length share a graph.
struct BatchShape {
  int64_t rows = 0;
  int64_t width = 0;
  auto operator<=>(const BatchShape&) const = default;
};

/// @param features  how rows become inputs  @return its width holds all examples
BatchShape shape_of(const TokenView& rows, std::span<const int64_t> examples, const FeatureShape& features);

/// What the batches of all shapes work on.
struct BatchParts {
  AutogradModel& shared;
  const Loss& loss;
  const EncodedDataset& train;
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;  ///< of the update so far, one a parameter
  at::Tensor loss_sum;                ///< float64 [1], of the update so far
};

/// Forward and backward pass of the batches of one shape: a queue of inputs on the device, a graph that takes
/// the next of them and adds its gradient to `gradients`, and its loss and logits in the queue's order.
class GraphBatch {
 public:
  /// @param capacity  batches that the queue holds
  GraphBatch(BatchShape shape, const BatchParts& parts, int64_t capacity);
  GraphBatch(const GraphBatch&) = delete;
  GraphBatch& operator=(const GraphBatch&) = delete;

  /// Puts a batch behind the others, on the host.  @param divisor  of its loss: the weight of the update
  /// @return its place
  int64_t add(std::span<const int64_t> examples, double divisor);
  /// Sends to the device what was added, and begins with the first.
  void send();
  /// Takes the next.
  void run(Recorder& recorder) { work_.run(recorder); }
  /// Takes the one at `place`, unrecorded.
  void run_plainly(int64_t place);
  /// Loss sums [count] and logits [count, B, L] of what was run, on the CPU; the queue is empty again.
  void receive();
  float loss_sum(int64_t place) const { return losses_read_.const_data_ptr<float>()[place]; }
  at::Tensor logits(int64_t place) const { return logits_read_[place]; }

 private:
  void take_next();

  BatchShape shape_;
  const BatchParts& parts_;
  bool is_ragged_;
  int64_t num_labels_;
  int64_t num_lengths_;  ///< rows, and one more for what a ragged batch leaves free of its width
  std::vector<int32_t> staged_;
  int64_t num_staged_ = 0;
  at::Tensor queue_;   ///< [capacity, *] int32: ids, lengths, and as float32 targets, weights, divisor
  at::Tensor next_;    ///< [1] int64
  at::Tensor losses_;  ///< [capacity]
  at::Tensor logits_;  ///< [capacity, B*L]
  at::Tensor losses_read_, logits_read_;
  RepeatedWork work_;
};

}  // namespace bernoulli

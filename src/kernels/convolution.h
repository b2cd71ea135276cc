#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/lane_vector.h"

namespace bernoulli::kernels {

/// A convolution over the positions of one text, without its bias. A text is [positions + reach, inputs],
/// row-major: what stands before its first token and behind its last one included.
class Convolution {
 public:
  /// @param weight  as torch.nn.Conv1d has it: [channels, inputs, kernel_size]
  Convolution(int64_t channels, int64_t inputs, int64_t kernel_size, int64_t dilation, const float* weight);

  int64_t channels() const { return channels_; }

  /// Adds the outputs of the windows that begin at first .. first + count - 1 to `outputs` [count,
  /// padded(channels)].
  void add_outputs(const float* text, int64_t first, int64_t count, float* outputs) const;

  /// The highest output of each channel and where its window begins, [channels]. The first one of equals; one
  /// that is no number is the highest. `positions` is at least 1.
  void highest(const float* text, int64_t positions, float* outputs, int32_t* begins) const;
  /// Adds to text_gradient, of a text's shape. @param gradients  of the outputs of highest() [channels]
  void highest_text_backward(const float* gradients, const int32_t* begins, float* text_gradient) const;
  /// Adds a text's part to the gradient of the weight as [channels, kernel_size, inputs], for the channels
  /// first .. last - 1.
  void highest_weight_backward(const float* text, const float* gradients, const int32_t* begins,
                               int64_t first, int64_t last, float* weight_gradient) const;

 private:
  int64_t channels_, inputs_;
  /// A window is this many stretches of `width_` numbers, `step_` apart: one where nothing is left out.
  int64_t num_stretches_, width_, step_;
  const SequenceKernels& kernels_;
  LaneVector windows_;  ///< the weight as [channels, kernel_size, inputs]
  LaneVector panels_;   ///< of each stretch
};

}  // namespace bernoulli::kernels

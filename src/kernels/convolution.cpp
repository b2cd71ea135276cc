#include "kernels/convolution.h"

#include <algorithm>
#include <limits>

namespace bernoulli::kernels {

Convolution::Convolution(int64_t channels, int64_t inputs, int64_t kernel_size, int64_t dilation,
                         const float* weight)
    : channels_(channels),
      inputs_(inputs),
      num_stretches_(dilation == 1 ? 1 : kernel_size),
      width_(dilation == 1 ? kernel_size * inputs : inputs),
      step_(dilation * inputs),
      kernels_(available_kernels().front()->sequence),
      windows_(static_cast<size_t>(channels * kernel_size * inputs)),
      panels_(static_cast<size_t>(kernel_size * inputs * in_panels(channels))) {
  float* to = windows_.data();
  for (int64_t channel = 0; channel < channels; ++channel, weight += inputs * kernel_size) {
    for (int64_t k = 0; k < kernel_size; ++k) {
      for (int64_t i = 0; i < inputs; ++i) *to++ = weight[i * kernel_size + k];
    }
  }
  for (int64_t stretch = 0; stretch < num_stretches_; ++stretch) {
    pack_panels(windows_.data() + stretch * width_, width_, channels, 1, num_stretches_ * width_,
                panels_.data() + stretch * width_ * in_panels(channels));
  }
}

void Convolution::add_outputs(const float* text, int64_t first, int64_t count, float* outputs) const {
  for (int64_t stretch = 0; stretch < num_stretches_; ++stretch) {
    kernels_.multiply_add({count, channels_, width_, text + first * inputs_ + stretch * step_, inputs_, 1,
                           panels_.data() + stretch * width_ * in_panels(channels_), outputs,
                           padded(channels_)});
  }
}

void Convolution::highest(const float* text, int64_t positions, float* outputs, int32_t* begins) const {
  constexpr int64_t kPositions = 96;  // at once: their outputs are read again while they are near
  const int64_t step = padded(channels_);
  LaneVector block(static_cast<size_t>(kPositions * step));
  LaneVector highest(static_cast<size_t>(step), -std::numeric_limits<float>::infinity());
  std::vector<int32_t> rows(static_cast<size_t>(step));
  for (int64_t first = 0; first < positions; first += kPositions) {
    const int64_t count = std::min(kPositions, positions - first);
    std::fill_n(block.begin(), count * step, 0.0f);
    add_outputs(text, first, count, block.data());
    kernels_.raise_highest(block.data(), count, step, static_cast<int32_t>(first), highest.data(),
                           rows.data());
  }
  std::copy_n(highest.begin(), channels_, outputs);
  std::copy_n(rows.begin(), channels_, begins);
}

void Convolution::highest_text_backward(const float* gradients, const int32_t* begins,
                                        float* text_gradient) const {
  const float* window = windows_.data();
  for (int64_t channel = 0; channel < channels_; ++channel) {
    float* to = text_gradient + begins[channel] * inputs_;
    for (int64_t stretch = 0; stretch < num_stretches_; ++stretch, window += width_)
      kernels_.add_scaled(window, width_, gradients[channel], to + stretch * step_);
  }
}

void Convolution::highest_weight_backward(const float* text, const float* gradients, const int32_t* begins,
                                          int64_t first, int64_t last, float* weight_gradient) const {
  float* to = weight_gradient + first * num_stretches_ * width_;
  for (int64_t channel = first; channel < last; ++channel) {
    const float* from = text + begins[channel] * inputs_;
    for (int64_t stretch = 0; stretch < num_stretches_; ++stretch, to += width_)
      kernels_.add_scaled(from + stretch * step_, width_, gradients[channel], to);
  }
}

}  // namespace bernoulli::kernels

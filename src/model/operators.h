#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/frontend/resolver.h>

namespace bernoulli {

/// For Module::define: TorchScript that may call operators of our own, as `bernoulli.lstm(...)`. They run on
/// the CPU and in training alone: no exported file knows them. They compute in float32 and answer in the type
/// of x.
torch::jit::ResolverPtr operator_resolver();

/// Each number stays with probability keep / 65536, 0 < keep < 65536, and is then divided by it; else it is
/// 0.
at::Tensor dropout(const at::Tensor& x, int64_t keep);

/// @name Layers that look across positions. x [B, T, D], lengths [B] int64: what is behind the end of a text
/// is not read, and its outputs are 0.
/// @{

/// torch's LSTM and GRU of one layer and direction, with its parameters. Reversed: each text from its own
/// last token on. @return [B, T, units], the state behind each token; last: [B, units], behind the last one
/// read
at::Tensor lstm(const at::Tensor& x, const at::Tensor& lengths, const at::Tensor& weight_ih,
                const at::Tensor& weight_hh, const at::Tensor& bias_ih, const at::Tensor& bias_hh,
                bool reversed, bool last);
at::Tensor gru(const at::Tensor& x, const at::Tensor& lengths, const at::Tensor& weight_ih,
               const at::Tensor& weight_hh, const at::Tensor& bias_ih, const at::Tensor& bias_hh,
               bool reversed, bool last);

/// What max_pool gives behind a Conv1d without bias and with windows that begin `before` a position and reach
/// to `behind` it: [B, C]. weight [C, D, K]. What either does with padding is said by its `padding`; of a
/// text without a position, the window at the first one.
at::Tensor highest_window(const at::Tensor& x, const at::Tensor& lengths, const at::Tensor& weight,
                          int64_t dilation, int64_t before, int64_t behind, bool counts_padding,
                          bool pool_counts_padding);
/// @}

}  // namespace bernoulli

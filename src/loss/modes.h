#pragma once

#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>

#include "loss/loss.h"

namespace bernoulli {

/// What the modes share. Legend: B batch, L labels.
struct LossSettings {
  at::Tensor pos_weight;  ///< [L] float64, above 0, or undefined: all 1
  double label_smoothing = 0;
  double gamma = 0;
  std::optional<double> alpha;

  /// y*(1-s) + s/2.
  at::Tensor smoothed(const at::Tensor& targets) const;
  /// pos_weight on the device and in the dtype of `like`; undefined stays undefined.
  at::Tensor pos_weight_like(const at::Tensor& like) const;
};

/// Cross entropy of probabilities [B, L] by ATen's kernel, which clamps each logarithm at -100:
/// -(pos_weight * y * log p + (1-y) * log(1-p)). A NaN probability gives NaN: the kernel itself refuses it
/// with a message about its range, and on CUDA ends the context. Source: PyTorch
/// aten/src/ATen/native/Loss.cpp, binary_cross_entropy.
at::Tensor cross_entropy_of_probabilities(const at::Tensor& p, const at::Tensor& targets,
                                          const LossSettings& settings);

std::unique_ptr<Loss> make_bce_with_logits(LossSettings settings);
std::unique_ptr<Loss> make_sigmoid_bce(LossSettings settings);
std::unique_ptr<Loss> make_sigmoid_bce_clipped(LossSettings settings);
std::unique_ptr<Loss> make_focal_with_logits(LossSettings settings);

/// @throws c10::Error unless logits and targets have the same shape [B, L], dtype and device.
void check_entries(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace bernoulli

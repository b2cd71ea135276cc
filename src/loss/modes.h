#pragma once

#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>

#include "loss/loss.h"

namespace bernoulli {

/// What the modes share. Legend: B batch, L labels.
struct LossSettings {
  at::Tensor pos_weight;        ///< [1] or [L] float32 on the CPU, or undefined
  double label_smoothing = 0;
  double gamma = 0;
  std::optional<double> alpha;

  /// y*(1-s) + s/2.
  at::Tensor smoothed(const at::Tensor& targets) const;
  /// 1 + (pos_weight - 1) * y, or undefined without a pos_weight: what the loss of an entry is multiplied by.
  /// Exact where y is 0 or 1.
  at::Tensor entry_weight(const at::Tensor& targets) const;
  /// pos_weight on the device and in the dtype of `like`; undefined stays undefined.
  at::Tensor pos_weight_like(const at::Tensor& like) const;
};

std::unique_ptr<Loss> make_bce_with_logits(LossSettings settings);
std::unique_ptr<Loss> make_sigmoid_bce(LossSettings settings);
std::unique_ptr<Loss> make_sigmoid_bce_clipped(LossSettings settings);
std::unique_ptr<Loss> make_focal_with_logits(LossSettings settings);

/// @throws c10::Error unless logits and targets have the same shape [B, L], dtype and device.
void check_entries(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace bernoulli

#include "loss/modes.h"

#include <ATen/TensorOperators.h>
#include <c10/util/Exception.h>

namespace bernoulli {

at::Tensor LossSettings::smoothed(const at::Tensor& targets) const {
  return label_smoothing == 0 ? targets : targets * (1 - label_smoothing) + label_smoothing / 2;
}

at::Tensor LossSettings::pos_weight_like(const at::Tensor& like) const {
  return pos_weight.defined() ? pos_weight.to(like.device(), like.scalar_type()) : at::Tensor();
}

at::Tensor LossSettings::entry_weight(const at::Tensor& targets) const {
  return pos_weight.defined() ? 1 + (pos_weight_like(targets) - 1) * targets : at::Tensor();
}

void check_entries(const at::Tensor& logits, const at::Tensor& targets) {
  TORCH_CHECK(logits.dim() == 2 && logits.sizes() == targets.sizes(), "logits and targets must both be [B, L], got ", logits.sizes(), " and ",
              targets.sizes());
  TORCH_CHECK(logits.scalar_type() == targets.scalar_type(), "logits are ", logits.scalar_type(), " and targets ", targets.scalar_type());
  TORCH_CHECK(logits.device() == targets.device(), "logits are on ", logits.device(), " and targets on ", targets.device());
}

}  // namespace bernoulli

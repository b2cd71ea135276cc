#include "loss/modes.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/where.h>
#include <c10/util/Exception.h>

namespace bernoulli {

at::Tensor LossSettings::smoothed(const at::Tensor& targets) const {
  return label_smoothing == 0 ? targets : targets * (1 - label_smoothing) + label_smoothing / 2;
}

at::Tensor LossSettings::pos_weight_like(const at::Tensor& like) const {
  return pos_weight.defined() ? pos_weight.to(like.device(), like.scalar_type()) : at::Tensor();
}

at::Tensor cross_entropy_of_probabilities(const at::Tensor& p, const at::Tensor& targets,
                                          const LossSettings& settings) {
  at::Tensor y = settings.smoothed(targets);
  at::Tensor entry_weight;
  if (settings.pos_weight.defined()) {
    // a*y*A + (1-y)*B is w*(y'*A + (1-y')*B) with w = a*y + (1-y) and y' = a*y / w; both are exact where y is
    // 0 or 1.
    const at::Tensor weighted = settings.pos_weight_like(y) * y;
    entry_weight = weighted + (1 - y);
    y = weighted / entry_weight;
  }
  const at::Tensor nan = at::isnan(p);
  const at::Tensor losses =
      at::binary_cross_entropy(p.masked_fill(nan, 0.5), y, entry_weight, at::Reduction::None);
  return at::where(nan, p, losses);
}

void check_entries(const at::Tensor& logits, const at::Tensor& targets) {
  TORCH_CHECK(logits.dim() == 2 && logits.sizes() == targets.sizes(),
              "logits and targets must both be [B, L], got ", logits.sizes(), " and ", targets.sizes());
  TORCH_CHECK(logits.scalar_type() == targets.scalar_type(), "logits are ", logits.scalar_type(),
              " and targets ", targets.scalar_type());
  TORCH_CHECK(logits.device() == targets.device(), "logits are on ", logits.device(), " and targets on ",
              targets.device());
}

}  // namespace bernoulli

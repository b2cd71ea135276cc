#include <utility>

#include <ATen/ops/binary_cross_entropy_with_logits.h>

#include "loss/modes.h"

namespace bernoulli {
namespace {

/// (1-y)*z - (1 + (pos_weight-1)*y) * log_sigmoid(z): never saturates wrongly. Source: PyTorch
/// aten/src/ATen/native/Loss.cpp.
class BceWithLogits : public Loss {
 public:
  explicit BceWithLogits(LossSettings settings) : settings_(std::move(settings)) {}

  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    check_entries(logits, targets);
    return at::binary_cross_entropy_with_logits(logits, settings_.smoothed(targets), {},
                                                settings_.pos_weight_like(logits), at::Reduction::None);
  }

 private:
  LossSettings settings_;
};

}  // namespace

std::unique_ptr<Loss> make_bce_with_logits(LossSettings settings) {
  return std::make_unique<BceWithLogits>(std::move(settings));
}

}  // namespace bernoulli

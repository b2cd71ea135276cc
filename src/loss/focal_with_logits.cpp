#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/sigmoid.h>

#include "loss/modes.h"

namespace bernoulli {
namespace {

constexpr double kSmallestNormal = std::numeric_limits<float>::min();

/// (1 - p_t)^gamma * cross entropy, p_t being the probability of the right answer; alpha weighs the classes.
/// Source: Lin, Goyal, Girshick, He, Dollar, "Focal loss for dense object detection", 2017.
class FocalWithLogits : public Loss {
 public:
  explicit FocalWithLogits(LossSettings settings) : settings_(std::move(settings)) {}

  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    check_entries(logits, targets);
    const at::Tensor y = settings_.smoothed(targets);
    const at::Tensor cross_entropy = at::binary_cross_entropy_with_logits(
        logits, y, {}, settings_.pos_weight_like(logits), at::Reduction::None);
    // 1-p is sigmoid(-z), which keeps its digits where p rounds to 1. The clamp keeps the power's slope
    // finite where `wrong` is 0 and gamma below 1: there it would be infinite times 0.
    const at::Tensor wrong = at::sigmoid(logits) * (1 - y) + at::sigmoid(-logits) * y;
    const at::Tensor losses = at::pow(wrong.clamp_min(kSmallestNormal), settings_.gamma) * cross_entropy;
    return settings_.alpha ? losses * (*settings_.alpha * y + (1 - *settings_.alpha) * (1 - y)) : losses;
  }

 private:
  LossSettings settings_;
};

}  // namespace

std::unique_ptr<Loss> make_focal_with_logits(LossSettings settings) {
  return std::make_unique<FocalWithLogits>(std::move(settings));
}

}  // namespace bernoulli

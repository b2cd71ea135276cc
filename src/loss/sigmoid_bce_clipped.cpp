#include <utility>

#include <ATen/ops/clamp.h>
#include <ATen/ops/sigmoid.h>

#include "loss/modes.h"

namespace bernoulli {
namespace {

constexpr double kKerasEpsilon = 1e-7;

/// Keras 3's binary_crossentropy(from_logits=False) on its torch backend: probabilities clipped to [1e-7, 1 -
/// 1e-7], so that a clipped entry has no gradient. Source: keras/src/backend/torch/nn.py,
/// binary_crossentropy.
class SigmoidBceClipped : public Loss {
 public:
  explicit SigmoidBceClipped(LossSettings settings) : settings_(std::move(settings)) {}

  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    check_entries(logits, targets);
    const at::Tensor p = at::clamp(at::sigmoid(logits), kKerasEpsilon, 1.0 - kKerasEpsilon);
    return cross_entropy_of_probabilities(p, targets, settings_);
  }

 private:
  LossSettings settings_;
};

}  // namespace

std::unique_ptr<Loss> make_sigmoid_bce_clipped(LossSettings settings) {
  return std::make_unique<SigmoidBceClipped>(std::move(settings));
}

}  // namespace bernoulli

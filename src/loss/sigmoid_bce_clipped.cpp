#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/sigmoid.h>

#include "loss/modes.h"

namespace bernoulli {
namespace {

constexpr double kKerasEpsilon = 1e-7;

/// Keras 3's binary_crossentropy(from_logits=False) on its torch and jax backends: probabilities clipped to [1e-7, 1 - 1e-7].
/// Source: keras/src/backend/torch/nn.py, binary_crossentropy.
class SigmoidBceClipped : public Loss {
 public:
  explicit SigmoidBceClipped(LossSettings settings) : settings_(std::move(settings)) {}

  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    check_entries(logits, targets);
    const at::Tensor y = settings_.smoothed(targets);
    const at::Tensor p = at::clamp(at::sigmoid(logits), kKerasEpsilon, 1.0 - kKerasEpsilon);
    const at::Tensor losses = -(y * at::log(p) + (1 - y) * at::log(1 - p));
    const at::Tensor weight = settings_.entry_weight(y);
    return weight.defined() ? losses * weight : losses;
  }

 private:
  LossSettings settings_;
};

}  // namespace

std::unique_ptr<Loss> make_sigmoid_bce_clipped(LossSettings settings) { return std::make_unique<SigmoidBceClipped>(std::move(settings)); }

}  // namespace bernoulli

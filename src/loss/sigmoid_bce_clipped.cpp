#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/where.h>

#include "loss/modes.h"

namespace bernoulli {
namespace {

constexpr double kKerasEpsilon = 1e-7;

/// at::clamp, but with a gradient that is 1 at the bounds in every LibTorch: clamp's is 1 there in 2.11 and 0
/// in 2.15, and float32 probabilities lie on the upper bound from logit 15.54 to 16.64.
at::Tensor clipped(const at::Tensor& p) {
  constexpr double kLow = kKerasEpsilon, kHigh = 1.0 - kKerasEpsilon;
  return at::where(p < kLow, kLow, at::where(p > kHigh, kHigh, p));
}

/// Keras 3's binary_crossentropy(from_logits=False) on its torch backend: probabilities clipped to [1e-7, 1 -
/// 1e-7], so that a clipped entry has no gradient. Source: keras/src/backend/torch/nn.py,
/// binary_crossentropy.
class SigmoidBceClipped : public Loss {
 public:
  explicit SigmoidBceClipped(LossSettings settings) : settings_(std::move(settings)) {}

  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    check_entries(logits, targets);
    return cross_entropy_of_probabilities(clipped(at::sigmoid(logits)), targets, settings_);
  }

 private:
  LossSettings settings_;
};

}  // namespace

std::unique_ptr<Loss> make_sigmoid_bce_clipped(LossSettings settings) {
  return std::make_unique<SigmoidBceClipped>(std::move(settings));
}

}  // namespace bernoulli

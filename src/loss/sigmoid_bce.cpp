#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/where.h>

#include "loss/modes.h"

namespace bernoulli {
namespace {

/// torch.nn.BCELoss on sigmoid(z): each logarithm is clamped at -100, so a confidently wrong entry costs 100 and has no gradient.
/// Source: PyTorch aten/src/ATen/native/Loss.cpp, binary_cross_entropy.
class SigmoidBce : public Loss {
 public:
  explicit SigmoidBce(LossSettings settings) : settings_(std::move(settings)) {}

  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    check_entries(logits, targets);
    // The kernel refuses NaN with a message about its input range, and on CUDA kills the context: a NaN logit is a NaN loss instead.
    const at::Tensor nan = at::isnan(logits);
    const at::Tensor y = settings_.smoothed(targets);
    const at::Tensor losses = at::binary_cross_entropy(at::sigmoid(logits.masked_fill(nan, 0)), y, settings_.entry_weight(y), at::Reduction::None);
    return at::where(nan, logits, losses);
  }

 private:
  LossSettings settings_;
};

}  // namespace

std::unique_ptr<Loss> make_sigmoid_bce(LossSettings settings) { return std::make_unique<SigmoidBce>(std::move(settings)); }

}  // namespace bernoulli

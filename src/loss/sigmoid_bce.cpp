#include <utility>

#include <ATen/ops/sigmoid.h>

#include "loss/modes.h"

namespace bernoulli {
namespace {

/// torch.nn.BCELoss on sigmoid(z): where the sigmoid rounds to the wrong end, the entry costs 100 and has no
/// gradient.
class SigmoidBce : public Loss {
 public:
  explicit SigmoidBce(LossSettings settings) : settings_(std::move(settings)) {}

  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    check_entries(logits, targets);
    return cross_entropy_of_probabilities(at::sigmoid(logits), targets, settings_);
  }

 private:
  LossSettings settings_;
};

}  // namespace

std::unique_ptr<Loss> make_sigmoid_bce(LossSettings settings) {
  return std::make_unique<SigmoidBce>(std::move(settings));
}

}  // namespace bernoulli

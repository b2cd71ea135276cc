#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tensor.h>

#include "loss/loss.h"
#include "support/numbers.h"

namespace bernoulli {

using Mode = LossConfig::Mode;
using testing::numbers;

inline constexpr Mode kEveryMode[] = {Mode::kBceWithLogits, Mode::kSigmoidBce, Mode::kSigmoidBceClipped,
                                      Mode::kFocalWithLogits};

inline LossConfig loss_config(Mode mode) {
  LossConfig config;
  config.mode = mode;
  return config;
}

inline at::Tensor matrix(const std::vector<double>& values, int64_t num_labels, at::ScalarType dtype) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble).reshape({-1, num_labels}).to(dtype);
}

struct LossAndGradient {
  std::vector<double> losses;
  std::vector<double> gradients;  ///< of the sum of the losses
};

inline LossAndGradient evaluate(const Loss& loss, at::Tensor logits, const at::Tensor& targets) {
  logits = logits.detach().clone().requires_grad_();
  const at::Tensor losses = loss.elementwise(logits, targets);
  losses.sum().backward();
  return {numbers(losses), numbers(logits.grad())};
}

/// One entry, float32 unless said otherwise: {loss, gradient}.
inline std::pair<double, double> evaluate_one(const LossConfig& config, double z, double y,
                                              at::ScalarType dtype = at::kFloat) {
  const auto [losses, gradients] =
      evaluate(*make_loss(config, {}, 1), matrix({z}, 1, dtype), matrix({y}, 1, dtype));
  return {losses[0], gradients[0]};
}

}  // namespace bernoulli

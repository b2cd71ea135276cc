#include "optim/gradients.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_clamp_max.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>

namespace bernoulli {
namespace {

std::vector<at::Tensor> gradients_of(const NamedTensors& parameters) {
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  return gradients;
}

}  // namespace

double gradient_norm(const NamedTensors& parameters) {
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> gradients = gradients_of(parameters);
  if (gradients.empty()) return 0;
  const at::Tensor norms = at::stack(at::_foreach_norm(gradients, 2)).to(at::kCPU).to(at::kDouble);
  double sum = 0;
  for (int64_t i = 0; i < norms.numel(); ++i) {
    const double norm = norms.const_data_ptr<double>()[i];
    sum += norm * norm;
  }
  return std::sqrt(sum);
}

void clip_gradient_norm(const NamedTensors& parameters, double norm, double max_norm) {
  const double scale = max_norm / (norm + 1e-6);
  if (scale >= 1) return;
  const at::NoGradGuard no_grad;
  at::_foreach_mul_(gradients_of(parameters), scale);
}

at::Tensor device_gradient_norm(const NamedTensors& parameters) {
  const at::NoGradGuard no_grad;
  return at::stack(at::_foreach_norm(gradients_of(parameters), 2)).to(at::kDouble).square().sum().sqrt();
}

void clip_gradient_norm(const NamedTensors& parameters, const at::Tensor& norm, double max_norm) {
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> gradients = gradients_of(parameters);
  const at::Tensor scale = (max_norm / (norm + 1e-6)).clamp_max(1);
  at::_foreach_mul_(gradients, scale.to(gradients.front().scalar_type()));
}

void clip_gradient_value(const NamedTensors& parameters, double max_value) {
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> gradients = gradients_of(parameters);
  at::_foreach_clamp_min_(gradients, -max_value);
  at::_foreach_clamp_max_(gradients, max_value);
}

}  // namespace bernoulli

#include "optim/weight_average.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/where.h>

namespace bernoulli {

WeightAverage::WeightAverage(double decay, const NamedTensors& parameters)
    : decay_(decay), parameters_(parameters) {
  for (const auto& [name, parameter] : parameters_) averages_.emplace_back(name, parameter.detach().clone());
}

void WeightAverage::update() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < averages_.size(); ++i) averages_[i].second.lerp_(parameters_[i].second, 1 - decay_);
}

void WeightAverage::update_on_device(const at::Tensor& refused) {
  const at::NoGradGuard no_grad;
  const at::Tensor stays = refused.to(at::kBool);
  for (size_t i = 0; i < averages_.size(); ++i) {
    const at::Tensor& average = averages_[i].second;
    average.copy_(at::where(stays, average, average.lerp(parameters_[i].second, 1 - decay_)));
  }
}

void WeightAverage::load(const NamedTensors& saved) { copy_values(saved, averages_, "averages"); }

void WeightAverage::swap() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < averages_.size(); ++i) {
    const at::Tensor weight = parameters_[i].second.detach().clone();
    parameters_[i].second.copy_(averages_[i].second);
    averages_[i].second.copy_(weight);
  }
}

}  // namespace bernoulli

#include "optim/weight_average.h"

#include <utility>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/where.h>

#include "core/error.h"

namespace bernoulli {

using NamedTensor = std::pair<std::string, at::Tensor>;

WeightAverage::WeightAverage(double decay, const std::vector<NamedTensor>& parameters)
    : decay_(decay), parameters_(parameters) {
  for (const auto& [name, parameter] : parameters_) averages_.push_back(parameter.detach().clone());
}

void WeightAverage::update() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < averages_.size(); ++i) averages_[i].lerp_(parameters_[i].second, 1 - decay_);
}

void WeightAverage::update_on_device(const at::Tensor& refused) {
  const at::NoGradGuard no_grad;
  const at::Tensor stays = refused.to(at::kBool);
  for (size_t i = 0; i < averages_.size(); ++i)
    averages_[i].copy_(at::where(stays, averages_[i], averages_[i].lerp(parameters_[i].second, 1 - decay_)));
}

std::vector<NamedTensor> WeightAverage::averages() const {
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < averages_.size(); ++i) named.emplace_back(parameters_[i].first, averages_[i]);
  return named;
}

void WeightAverage::load(const std::vector<NamedTensor>& saved) {
  const at::NoGradGuard no_grad;
  if (saved.size() != averages_.size())
    throw ArtifactError(fmt::format("{} saved averages for {} parameters", saved.size(), averages_.size()));
  for (size_t i = 0; i < averages_.size(); ++i) {
    bool found = false;
    for (const auto& [name, tensor] : saved) {
      if (name != parameters_[i].first || tensor.sizes() != averages_[i].sizes()) continue;
      averages_[i].copy_(tensor);
      found = true;
    }
    if (!found) throw ArtifactError(fmt::format("the saved averages lack '{}'", parameters_[i].first));
  }
}

void WeightAverage::swap() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < averages_.size(); ++i) {
    const at::Tensor weight = parameters_[i].second.detach().clone();
    parameters_[i].second.copy_(averages_[i]);
    averages_[i].copy_(weight);
  }
}

}  // namespace bernoulli

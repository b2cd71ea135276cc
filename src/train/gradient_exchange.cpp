#include "train/gradient_exchange.h"

#include <algorithm>

#include <ATen/ops/empty.h>

#include "core/error.h"

namespace bernoulli {

GradientExchange::GradientExchange(Communicator& processes, const NamedTensors& parameters)
    : processes_(processes) {
  int64_t count = 0;
  for (const auto& [name, parameter] : parameters)
    if (parameter.requires_grad()) count += parameter.numel();
  flat_ = at::empty({count}, at::kFloat);
  int64_t begin = 0;
  for (const auto& [name, parameter] : parameters) {
    if (!parameter.requires_grad()) continue;
    trained_.push_back({parameter, flat_.narrow(0, begin, parameter.numel()).view(parameter.sizes())});
    begin += parameter.numel();
  }
}

std::span<float> GradientExchange::flat() {
  return {flat_.mutable_data_ptr<float>(), static_cast<size_t>(flat_.numel())};
}

void GradientExchange::add(int givers) {
  if (processes_.rank() < givers) {
    for (const Trained& trained : trained_) {
      if (!trained.parameter.grad().defined()) throw InternalError("a trained parameter has no gradient");
      trained.in_flat.copy_(trained.parameter.grad());
      trained.parameter.mutable_grad().reset();
    }
  }
  const size_t own = share_of(processes_.rank(), processes_.size(), flat().size()).size();
  parts_.resize(own * static_cast<size_t>(givers));
  processes_.to_owners(flat(), givers, parts_);
  const std::span<const float> parts = parts_;
  for (size_t giver = 0; giver < static_cast<size_t>(givers); ++giver) {
    const auto part = parts.subspan(giver * own, own);
    if (sum_.size() == own && own > 0) {
      std::transform(sum_.begin(), sum_.end(), part.begin(), sum_.begin(), std::plus<float>());
    } else {
      sum_.assign(part.begin(), part.end());
    }
  }
}

void GradientExchange::finish() {
  const Share own = share_of(processes_.rank(), processes_.size(), flat().size());
  std::copy(sum_.begin(), sum_.end(), flat().begin() + static_cast<ptrdiff_t>(own.begin));
  sum_.clear();
  processes_.to_all(flat());
  for (const Trained& trained : trained_)
    trained.parameter.mutable_grad() = trained.in_flat.to(trained.parameter.device());
}

}  // namespace bernoulli

#include "train/fused_parameter.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "core/error.h"

namespace bernoulli {

FusedParameter::FusedParameter(std::string parameter_name, const at::Tensor& initial,
                               const kernels::UpdateRule& update_rule, size_t num_slots, double initial_slot)
    : name(std::move(parameter_name)),
      shape(initial.sizes().vec()),
      rows(initial.dim() == 2 ? initial.size(0) : 1),
      columns(initial.size(-1)),
      weights(at::zeros({rows, kernels::padded(columns)}, at::kFloat)),
      rule(update_rule) {
  for (size_t i = 0; i < num_slots; ++i)
    slots.push_back(at::full({rows, stride()}, initial_slot, weights.options()));
  assign(weights, initial, name);
}

kernels::Table FusedParameter::table() const {
  return {weights.mutable_data_ptr<float>(), !slots.empty() ? slots[0].mutable_data_ptr<float>() : nullptr,
          slots.size() > 1 ? slots[1].mutable_data_ptr<float>() : nullptr, stride()};
}

at::Tensor FusedParameter::trimmed(const at::Tensor& tensor) const {
  return tensor.narrow(1, 0, columns).contiguous().view(shape);
}

void FusedParameter::assign(const at::Tensor& tensor, const at::Tensor& values,
                            const std::string& what) const {
  if (values.sizes() != at::IntArrayRef(shape)) {
    throw ArtifactError(fmt::format("tensor '{}' has shape [{}] in the saved state, this model needs [{}]",
                                    what, fmt::join(values.sizes().vec(), ", "), fmt::join(shape, ", ")));
  }
  if (values.const_data_ptr<float>() == tensor.const_data_ptr<float>()) return;  // our own storage
  const at::NoGradGuard no_grad;
  tensor.narrow(1, 0, columns).copy_(values.detach().reshape({rows, columns}));
}

}  // namespace bernoulli

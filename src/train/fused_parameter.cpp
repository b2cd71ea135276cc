#include "train/fused_parameter.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>

#include "core/error.h"

namespace bernoulli {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

/// Rows are read in no order, so that small pages cost a table look-up of the processor for nearly each row.
at::Tensor zeros_in_huge_pages(at::IntArrayRef sizes) {
  const size_t bytes = static_cast<size_t>(c10::multiply_integers(sizes)) * sizeof(float);
  if (bytes < kHugePage / 2) return at::zeros(sizes, at::kFloat);
  const size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* const memory = std::aligned_alloc(kHugePage, whole);
  if (memory == nullptr) throw std::bad_alloc();
  (void)madvise(memory, whole, MADV_HUGEPAGE);  // where the system has none, small pages do
  std::memset(memory, 0, whole);
  return at::from_blob(
      memory, sizes, [](void* pointer) { std::free(pointer); }, at::kFloat);
}

}  // namespace

FusedParameter::FusedParameter(std::string parameter_name, const at::Tensor& initial,
                               const kernels::UpdateRule& update_rule, size_t num_slots, double initial_slot)
    : name(std::move(parameter_name)),
      shape(initial.sizes().vec()),
      rows(initial.dim() == 2 ? initial.size(0) : 1),
      columns(initial.size(-1)),
      rule(update_rule) {
  const at::Tensor tables = zeros_in_huge_pages({static_cast<int64_t>(num_slots) + 1, rows, stride()});
  weights = tables.select(0, 0);
  for (size_t i = 0; i < num_slots; ++i)
    slots.push_back(tables.select(0, static_cast<int64_t>(i) + 1).fill_(initial_slot));
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

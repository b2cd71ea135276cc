#include "train/fused_parameter.h"

#include <cstdint>
#include <new>
#include <sys/mman.h>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>

#include "model/initial_weights.h"

namespace bernoulli {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

/// Rows are read in no order, so that small pages cost a table look-up of the processor for nearly each row.
at::Tensor zeros_in_huge_pages(at::IntArrayRef sizes) {
  const size_t bytes = static_cast<size_t>(c10::multiply_integers(sizes)) * sizeof(float);
  if (bytes < kHugePage / 2) return at::zeros(sizes, at::kFloat);
  const size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  // From the system, which gives zeros: they need not be written once more.
  const size_t mapped = whole + kHugePage;
  void* const memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<uintptr_t>(memory);
  auto* const aligned = static_cast<char*>(memory) + (kHugePage - address % kHugePage) % kHugePage;
  (void)madvise(aligned, whole, MADV_HUGEPAGE);  // where the system has none, small pages do
  return at::from_blob(
      aligned, sizes, [memory, mapped](void*) { munmap(memory, mapped); }, at::kFloat);
}

}  // namespace

FusedParameter::FusedParameter(std::string parameter_name, std::vector<int64_t> parameter_shape,
                               const kernels::UpdateRule& update_rule, size_t num_slots, double initial_slot)
    : name(std::move(parameter_name)),
      shape(std::move(parameter_shape)),
      rows(shape.size() == 2 ? shape.front() : 1),
      columns(shape.back()),
      rule(update_rule) {
  const at::Tensor tables = zeros_in_huge_pages({static_cast<int64_t>(num_slots) + 1, rows, stride()});
  weights = tables.select(0, 0);
  for (size_t i = 0; i < num_slots; ++i)
    slots.push_back(tables.select(0, static_cast<int64_t>(i) + 1).fill_(initial_slot));
}

void FusedParameter::set_initial(const layers::ParameterSpec& spec, uint64_t seed, uint64_t index) const {
  const at::Tensor out = stride() == columns ? weights.view(shape) : at::empty(shape, at::kFloat);
  set_initial_weights(spec, seed, index, out);
  assign(weights, out);
}

kernels::Table FusedParameter::table() const {
  return {weights.mutable_data_ptr<float>(), !slots.empty() ? slots[0].mutable_data_ptr<float>() : nullptr,
          slots.size() > 1 ? slots[1].mutable_data_ptr<float>() : nullptr, stride()};
}

at::Tensor FusedParameter::trimmed(const at::Tensor& tensor) const {
  return tensor.narrow(1, 0, columns).contiguous().view(shape);
}

void FusedParameter::assign(const at::Tensor& tensor, const at::Tensor& values) const {
  if (values.const_data_ptr<float>() == tensor.const_data_ptr<float>()) return;  // our own storage
  const at::NoGradGuard no_grad;
  tensor.narrow(1, 0, columns).copy_(values.detach().reshape({rows, columns}));
}

}  // namespace bernoulli

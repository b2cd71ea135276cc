#include "tensor/named_tensors.h"

#include <algorithm>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "store/raw_tensors.h"

namespace bernoulli {
namespace {

template <class Named>
auto find(const Named& list, std::string_view name) {
  return std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.first == name; });
}

}  // namespace

void check_fit(const NamedTensors& saved, const NamedShapes& own, std::string_view what) {
  for (const auto& [name, tensor] : saved) {
    if (find(own, name) == own.end())
      throw ArtifactError(fmt::format("tensor '{}' of the saved {} is unknown to this model", name, what));
  }
  for (const auto& [name, shape] : own) {
    const auto found = find(saved, name);
    if (found == saved.end())
      throw ArtifactError(fmt::format("tensor '{}' is missing from the saved {}", name, what));
    if (found->second.sizes() != at::IntArrayRef(shape)) {
      const at::IntArrayRef sizes = found->second.sizes();
      throw ArtifactError(fmt::format("tensor '{}' has shape {} in the saved {}, this model needs {}", name,
                                      shape_text({sizes.data(), sizes.size()}), what, shape_text(shape)));
    }
  }
}

const at::Tensor& tensor_of(const NamedTensors& tensors, std::string_view name) {
  const auto found = find(tensors, name);
  if (found == tensors.end()) throw InternalError(fmt::format("no tensor is called '{}'", name));
  return found->second;
}

void copy_values(const NamedTensors& saved, const NamedTensors& own, std::string_view what) {
  NamedShapes shapes;
  for (const auto& [name, tensor] : own) shapes.emplace_back(name, tensor.sizes().vec());
  check_fit(saved, shapes, what);
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) tensor.copy_(tensor_of(saved, name));
}

}  // namespace bernoulli

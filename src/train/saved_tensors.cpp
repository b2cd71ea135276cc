#include "train/saved_tensors.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace bernoulli {

const at::Tensor& saved_tensor(const NamedTensors& saved, const std::string& name) {
  const auto found =
      std::find_if(saved.begin(), saved.end(), [&](const auto& entry) { return entry.first == name; });
  if (found == saved.end()) throw ArtifactError(fmt::format("the saved state lacks the tensor '{}'", name));
  return found->second;
}

void refuse_unknown_tensors(const NamedTensors& saved, const NamedTensors& own) {
  for (const auto& [name, tensor] : saved) {
    if (std::none_of(own.begin(), own.end(), [&](const auto& entry) { return entry.first == name; }))
      throw ArtifactError(
          fmt::format("the saved state has a tensor '{}' that this model and optimizer do not", name));
  }
}

void refuse_other_shape(const std::string& what, const at::Tensor& saved, at::IntArrayRef shape) {
  if (saved.sizes() == shape) return;
  throw ArtifactError(fmt::format("tensor '{}' has shape [{}] in the saved state, this model needs [{}]",
                                  what, fmt::join(saved.sizes().vec(), ", "), fmt::join(shape.vec(), ", ")));
}

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace bernoulli {

/// Tensors by name, "embedding_0.weight", in an order that stays. Names differ from each other.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;
/// What NamedTensors have to be.
using NamedShapes = std::vector<std::pair<std::string, std::vector<int64_t>>>;

/// @param what  what `saved` is called in the message: "weights"
/// @throws ArtifactError unless `saved` holds exactly the tensors of `own`, by name and shape, in any order;
/// names one that is missing, unknown or of another shape.
void check_fit(const NamedTensors& saved, const NamedShapes& own, std::string_view what);

/// The tensor of a name that is there. @throws InternalError where it is not.
const at::Tensor& tensor_of(const NamedTensors& tensors, std::string_view name);

/// Copies values by name into the tensors of `own`. @throws ArtifactError as check_fit, before anything is
/// copied.
void copy_values(const NamedTensors& saved, const NamedTensors& own, std::string_view what);

}  // namespace bernoulli

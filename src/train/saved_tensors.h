#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "train/step.h"

namespace bernoulli {

/// The tensor of a saved state. @throws ArtifactError if it lacks it.
const at::Tensor& saved_tensor(const NamedTensors& saved, const std::string& name);
/// @throws ArtifactError naming a tensor of `saved` that `own` does not have.
void refuse_unknown_tensors(const NamedTensors& saved, const NamedTensors& own);
/// @throws ArtifactError unless the saved tensor `what` has the shape.
void refuse_other_shape(const std::string& what, const at::Tensor& saved, at::IntArrayRef shape);

/// Name of the number of updates in a training state, for every engine.
inline constexpr const char* kUpdatesTensor = "optimizer/updates";

}  // namespace bernoulli

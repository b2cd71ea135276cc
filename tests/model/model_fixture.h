#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "layers/plan_fixture.h"
#include "model/sequential.h"
#include "support/numbers.h"

namespace bernoulli::testing {

/// A model in float64, so that references and finite differences can be held to many digits.
inline Sequential double_model(const std::string& layers, const PlanOptions& options = {},
                               uint64_t seed = 3) {
  Sequential model(plan(layers, options), seed, c10::kCPU);
  for (const NamedTensors& tensors : {model.parameters(), model.buffers()})
    for (const auto& [name, tensor] : tensors) tensor.set_data(tensor.to(at::kDouble));
  return model;
}

inline at::Tensor find(const NamedTensors& tensors, const std::string& name) {
  for (const auto& [key, tensor] : tensors) {
    if (key == name) return tensor;
  }
  ADD_FAILURE() << "no tensor " << name;
  return {};
}

inline void set(const at::Tensor& tensor, const std::vector<double>& values) {
  tensor.detach().copy_(at::tensor(at::ArrayRef<double>(values), at::kDouble).reshape(tensor.sizes()));
}

inline at::Tensor doubles(const std::vector<double>& values, at::IntArrayRef shape) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble).reshape(shape);
}

inline at::Tensor longs(const std::vector<int64_t>& values) {
  return at::tensor(at::ArrayRef<int64_t>(values), at::kLong);
}

}  // namespace bernoulli::testing

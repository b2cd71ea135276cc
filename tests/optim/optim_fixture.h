#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "config/run_config.h"
#include "support/numbers.h"

namespace bernoulli::testing {

inline at::Tensor vector(const std::vector<double>& values, at::ScalarType dtype = at::kDouble) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble).to(dtype);
}

inline at::Tensor parameter(const std::vector<double>& values, at::ScalarType dtype = at::kDouble) {
  return vector(values, dtype).set_requires_grad(true);
}

inline void set_gradient(at::Tensor parameter, const std::vector<double>& values) {
  parameter.mutable_grad() = vector(values, parameter.scalar_type());
}

/// Every key of the kind at its default, with `changes` on top.
inline OptimizerConfig optimizer_config(const std::string& kind, const nlohmann::ordered_json& changes = {}) {
  OptimizerConfig config;
  config.kind.kind = kind;
  config.kind.args = {{"lr", 0.1}, {"weight_decay", 0.0}};
  nlohmann::ordered_json own = nlohmann::ordered_json::object();
  if (kind == "sgd") own = {{"momentum", 0.0}, {"dampening", 0.0}, {"nesterov", false}};
  if (kind == "adam" || kind == "adamw")
    own = {{"beta1", 0.9}, {"beta2", 0.999}, {"eps", 1e-8}, {"amsgrad", false}};
  if (kind == "rmsprop") own = {{"alpha", 0.99}, {"eps", 1e-8}, {"momentum", 0.0}, {"centered", false}};
  if (kind == "adagrad") own = {{"lr_decay", 0.0}, {"eps", 1e-10}, {"initial_accumulator_value", 0.0}};
  config.kind.args.update(own);
  if (!changes.is_null()) config.kind.args.update(changes);
  return config;
}

}  // namespace bernoulli::testing

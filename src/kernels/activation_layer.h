#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "kernels/activations.h"

namespace bernoulli::kernels {

/// A layer of the configuration that is an activation: its function, and leaky_relu's slope.
struct ActivationLayer {
  Activation activation = Activation::kRelu;
  float slope = 0;
};

/// Absent where `kind` is no activation. @param args  of the layer, checked by its schema
std::optional<ActivationLayer> activation_layer(const std::string& kind, const nlohmann::ordered_json& args);

}  // namespace bernoulli::kernels

#pragma once

#include <string>
#include <variant>

#include <fmt/format.h>

#include "core/error.h"
#include "layers/onnx_graph.h"

namespace bernoulli {

/// The attribute, which the exporter always writes. @throws ArtifactError where it is absent or of another
/// type
template <class Value>
Value onnx_attribute(const layers::OnnxNode& node, const std::string& name) {
  for (const layers::OnnxAttribute& each : node.attributes) {
    if (each.name == name && std::holds_alternative<Value>(each.value)) return std::get<Value>(each.value);
  }
  throw ArtifactError(fmt::format("it lacks the attribute '{}'", name));
}

}  // namespace bernoulli

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/faults.h"
#include "config/node.h"

namespace bernoulli::config {

/// Deepest nesting of lists and maps.
inline constexpr int kMaxDepth = 64;

/// Reads one YAML document of the subset that configurations use: maps with scalar keys, lists, scalars.
/// Aliases, anchors, tags, merge keys, duplicate keys and second documents are faults. Bounded in time and
/// stack for any bytes.
/// @param source stands for the text in messages.
/// @return nothing where a fault stopped the reading; duplicate keys are reported and reading goes on.
std::optional<Node> read_yaml(std::string text, const std::shared_ptr<const std::string>& source,
                              Faults& faults);

/// The same for the value of an override, whose places carry the source only. @param path  key that it is of
std::optional<Node> read_yaml_value(std::string text, const std::shared_ptr<const std::string>& source,
                                    const std::string& path, Faults& faults);

}  // namespace bernoulli::config

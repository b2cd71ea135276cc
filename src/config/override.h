#pragma once

#include <optional>
#include <string>

#include "config/faults.h"
#include "config/node.h"

namespace bernoulli::config {

/// "a.b[2].c=VALUE" as a tree of one leaf, to be merged over a configuration. VALUE is YAML; the first '='
/// ends the path. Nothing where `text` is not of that form: the fault says why.
std::optional<Node> read_override(const std::string& text, Faults& faults);

}  // namespace bernoulli::config

#pragma once

#include <optional>
#include <string>

#include "config/faults.h"
#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// "a.b[2].c=VALUE" as a tree of one leaf, to be merged over a configuration. VALUE is YAML; the first '='
/// ends the path. Nothing where `text` is not of that form: the fault says why.
std::optional<Node> read_override(const std::string& text, Faults& faults);

/// Whether a resolved configuration has the key that an override sets, and the keys of its value where that
/// is a map: a later setting that names another kind replaces the kind in which the key stood. @param text
/// one that read_override takes
bool is_in(const Json& resolved, const std::string& text);

}  // namespace bernoulli::config

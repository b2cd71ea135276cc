#pragma once

#include <string>
#include <vector>

#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

// What messages and documentation say of a key and of what was written for it.

/// "an integer from 1 to 16", "a number above 0", "true or false", "mean, sum or max", "a list of texts".
std::string expected(const FieldSchema& schema);

/// "a list", "a map", "empty", or the scalar in quotes.
std::string describe_node(const Node& node);

/// Words that choose among kinds.
std::vector<std::string> kind_names(const std::vector<KindSchema>& kinds);

}  // namespace bernoulli::config

#pragma once

#include <functional>
#include <string>

#include "config/kind_schema.h"

namespace bernoulli::config {

/// YAML that read_yaml reads back to the same value: numbers exactly, texts to the byte. Maps in block style,
/// short ones in braces. What of a text is not UTF-8, as a file's name may be, stands as it is, and is not
/// read back.
std::string write_yaml(const Json& value);

/// One value on one line, as it stands in YAML.
std::string write_yaml_inline(const Json& value);

/// Calls visit(key path, value) for everything that is not a map or a list of maps.
void for_each_leaf(const Json& value, const std::string& path,
                   const std::function<void(const std::string&, const Json&)>& visit);

}  // namespace bernoulli::config

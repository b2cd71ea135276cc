#pragma once

#include <string>
#include <vector>

#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// The full keys whose last part is `name`, as training.epochs of epochs; those of lists, of the layers too,
/// are left out, and those of `stability` where others have the name. Of kinds, one of which may stand
/// somewhere, only the one that `tree` names there, else all.
/// @param tree  what was written, canonical; null pointer: nothing
std::vector<std::string> keys_named(const FieldSchema& root, const Node* tree, const std::string& name);

/// "; did you mean 'training.epochs'?" of the keys of that name elsewhere: those below `path` where there are
/// any. Empty where there is none, or so many that the name tells nothing.
std::string key_elsewhere(const FieldSchema& root, const Node* tree, const std::string& path,
                          const std::string& name);

}  // namespace bernoulli::config

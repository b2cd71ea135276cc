#pragma once

#include <vector>

#include "config/kind_schema.h"

namespace bernoulli::config {

/// JSON Schema, draft 2020-12, of a configuration file, for editors: every file that loads is valid under it,
/// and most that do not are refused (contradictions between sections are not expressed).
Json json_schema(const std::vector<KindSchema>& layer_kinds);

}  // namespace bernoulli::config

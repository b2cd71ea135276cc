#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace bernoulli::config {

/// Calls tell(path, message) for each step of text.standardize that another one makes useless: one that is
/// part of another, a mask after what it looks for was deleted, a token that a later step changes (as far as
/// its bytes are ASCII).
void check_standardize(const std::vector<KindConfig>& steps,
                       const std::function<void(const std::string&, const std::string&)>& tell);

}  // namespace bernoulli::config

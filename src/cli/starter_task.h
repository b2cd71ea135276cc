#pragma once

#include "cli/starter_data.h"

namespace bernoulli::cli {

/// Kind, labels and positive label; completes data.columns of several labels. Adds to findings.
/// @throws as make_starter_config
TaskConfig find_task(const InitRequest& request, StarterData& data, StarterConfig& starter);

}  // namespace bernoulli::cli

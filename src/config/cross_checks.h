#pragma once

#include <map>
#include <string>

#include "config/faults.h"
#include "config/kind_schema.h"
#include "config/run_config.h"

namespace bernoulli::config {

/// Adds a fault for each contradiction between settings that are valid one by one. What needs the shapes of
/// the layers is layers::plan_model's.
/// @param resolved  what `run` was bound from: also of sections of which another key is faulty
void check_across(const Json& resolved, const RunConfig& run, const std::map<std::string, Place>& places,
                  Faults& faults);

}  // namespace bernoulli::config

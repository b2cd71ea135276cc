#pragma once

#include <map>
#include <string>

#include "config/faults.h"
#include "config/run_config.h"

namespace bernoulli::config {

/// Adds a fault for each contradiction between settings that are valid one by one. What needs the shapes of
/// the layers is layers::plan_model's.
void check_across(const RunConfig& run, const std::map<std::string, Place>& places, Faults& faults);

}  // namespace bernoulli::config

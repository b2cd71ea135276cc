#pragma once

#include "config/setting_checks.h"

namespace bernoulli::config {

/// Adds a fault for each contradiction between settings that are valid one by one. What needs the shapes of
/// the layers is layers::plan_model's. Each is looked for where the settings that it reads are sound.
void check_across(const CheckedSettings& settings);

}  // namespace bernoulli::config

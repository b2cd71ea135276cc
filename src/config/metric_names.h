#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"

namespace bernoulli::config {

/// Metrics that a validation of this kind of task yields (compute_metrics), in their order: what
/// training.monitor may name.
const std::vector<std::string>& metric_names(TaskConfig::Kind kind);

}  // namespace bernoulli::config

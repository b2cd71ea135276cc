#pragma once

#include <map>
#include <string>

#include "config/kind_schema.h"
#include "config/node.h"
#include "config/run_config.h"

namespace bernoulli::config {

/// The structs from a resolution. resolved_yaml is left empty.
/// @throws InternalError where the schema and the structs have drifted apart: a key that nothing reads, or
/// one that is not declared.
RunConfig bind_config(const Json& resolved, const std::map<std::string, Place>& places);

/// A metrics.threshold that was kept elsewhere, maybe by a program that knew fewer keys: these have their
/// defaults. @param f_beta  metrics.f_beta. @throws ConfigError for what the schema does not take
ThresholdConfig read_threshold(const Json& setting, double f_beta);

}  // namespace bernoulli::config

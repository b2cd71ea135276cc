#pragma once

#include <boost/program_options.hpp>

#include "config/load.h"
#include "layers/model_plan.h"

namespace bernoulli::cli {

/// --set, for the verbs that take configuration files.
void add_config_options(boost::program_options::options_description& options);

/// CONFIG... and --set of the command line. Empty files where none was given.
config::ConfigSources config_sources(const boost::program_options::variables_map& values);

/// Plans the model with a vocabulary of unknown size, so that a shape fault shows before any data is read.
/// @throws UsageError
void check_shapes_early(const RunConfig& config);

}  // namespace bernoulli::cli

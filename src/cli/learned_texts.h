#pragma once

#include "config/run_config.h"
#include "data/dataset.h"
#include "store/run_paths.h"

namespace bernoulli::cli {

/// Warns where texts of `given` stand in the training data of the run, which are read again for that. Where
/// they are gone, cannot be read or are others by now, a line says so. @param run  the folder of the model, a
/// run folder or not @throws ArtifactError where data.json or environment.json is damaged; StopRequested
void warn_of_learned_texts(const RunConfig& config, const RunPaths& run, const Dataset& given);

}  // namespace bernoulli::cli

#pragma once

#include "config/run_config.h"
#include "store/run_paths.h"
#include "train/prepare.h"

namespace bernoulli::cli {

/// Gives the plan of a prepared run the weights that model.start_from names, if it does; data.json then says
/// what came of it. @throws UsageError where they are not those of this model; ArtifactError, IoError
void start_from_earlier_run(const RunConfig& config, PreparedRun& run);

/// For a run that is gone on with from a checkpoint, which needs the earlier one no longer: what data.json
/// says of its start, with a warning where that file is damaged.
void keep_start(const RunPaths& paths, PreparedRun& run);

}  // namespace bernoulli::cli

#pragma once

#include <vector>

#include "config/load.h"
#include "infer/classifier.h"
#include "layers/model_plan.h"
#include "store/raw_checkpoint.h"
#include "store/run_paths.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// What a run folder holds of a model: the checkpoint that its training ended with; of one that did not
/// finish, with a warning, the best so far (training.restore_best) or the newest. Plan, weights and
/// vocabulary fit together.
struct RunFiles {
  ClassifierInfo info;
  Vectorizer vectorizer;
  layers::ModelPlan plan;
  RawCheckpoint checkpoint;
};

/// config.yaml of a run. @throws ArtifactError where it is not there or does not load
config::LoadedConfig load_run_config(const RunPaths& paths);

/// @throws ArtifactError naming the file of the run that is missing or damaged; IoError
RunFiles load_run_files(const RunPaths& paths);

}  // namespace bernoulli

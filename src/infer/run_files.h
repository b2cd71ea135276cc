#pragma once

#include <vector>

#include "infer/classifier.h"
#include "layers/model_plan.h"
#include "store/raw_checkpoint.h"
#include "store/run_paths.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// What a run folder holds of a model: its best checkpoint, or the newest one, with a warning, where the
/// training did not finish. Plan, weights and vocabulary fit together.
struct RunFiles {
  ClassifierInfo info;
  Vectorizer vectorizer;
  layers::ModelPlan plan;
  RawCheckpoint checkpoint;
};

/// @throws ArtifactError naming the file of the run that is missing or damaged; IoError
RunFiles load_run_files(const RunPaths& paths);

}  // namespace bernoulli

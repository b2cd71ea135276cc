#pragma once

#include <filesystem>
#include <optional>

#include "config/load.h"
#include "infer/classifier.h"
#include "layers/model_plan.h"
#include "store/raw_checkpoint.h"
#include "store/run_paths.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// What a run folder holds of a model: the checkpoint that its training ended with; of one that did not
/// finish the best so far (training.restore_best) or the newest. Plan, weights and
/// vocabulary fit together.
struct RunFiles {
  ClassifierInfo info;
  Vectorizer vectorizer;
  layers::ModelPlan plan;
  RawCheckpoint checkpoint;
  /// That the training did not finish, and what is used of it; else empty. For whoever answers with the model
  /// to warn of: the native path may read the run and then leave it to LibTorch.
  std::string warning;
};

/// The run at a path. @throws ArtifactError where there is none
RunPaths run_at(const std::filesystem::path& path);
/// The same of a path that may be an exported file: nothing where something else than a folder is there.
/// @throws ArtifactError where nothing is there, or a folder that is no run
std::optional<RunPaths> run_or_file_at(const std::filesystem::path& path);

/// config.yaml of a run. @throws ArtifactError where it is not there or does not load
config::LoadedConfig load_run_config(const RunPaths& paths);

/// @throws ArtifactError naming the file of the run that is missing or damaged; IoError
RunFiles load_run_files(const RunPaths& paths);

}  // namespace bernoulli

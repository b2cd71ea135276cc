#pragma once

#include <memory>

#include "infer/classifier.h"
#include "model/sequential.h"
#include "store/run_paths.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// A run folder in memory, as RunFiles finds it.
struct LoadedRun {
  ClassifierInfo info;
  Vectorizer vectorizer;
  Sequential model;
};

/// @throws ArtifactError naming the file of the run that is missing or damaged; IoError
LoadedRun load_run(const RunPaths& paths, c10::Device device);

/// load_run as a classifier.
std::unique_ptr<Classifier> open_run_classifier(const RunPaths& paths, c10::Device device);

}  // namespace bernoulli

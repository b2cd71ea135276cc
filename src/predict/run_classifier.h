#pragma once

#include <memory>

#include "predict/classifier.h"
#include "run/run_folder.h"

namespace bernoulli {

/// @throws ArtifactError naming the file of the run that is missing or damaged.
std::unique_ptr<Classifier> open_run_classifier(const RunPaths& paths, c10::Device device);

}  // namespace bernoulli

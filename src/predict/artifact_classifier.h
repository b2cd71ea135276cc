#pragma once

#include <filesystem>
#include <memory>

#include <c10/core/Device.h>

#include "infer/classifier.h"

namespace bernoulli {

/// @throws ArtifactError, IoError: see export/artifact.h.
std::unique_ptr<Classifier> open_artifact_classifier(const std::filesystem::path& path, c10::Device device);

}  // namespace bernoulli

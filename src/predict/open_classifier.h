#pragma once

#include <filesystem>
#include <memory>

#include <c10/core/Device.h>

#include "infer/classifier.h"

namespace bernoulli {

/// Opens a run folder (the checkpoint that summary.json names, else the newest one with a warning; native
/// text path) or an exported file (TorchScript path), to run on LibTorch.
/// @throws ArtifactError naming the file and the cause; IoError
std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& path, c10::Device device);

}  // namespace bernoulli

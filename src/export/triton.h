#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "export/verify.h"

namespace bernoulli {

/// config.pbtxt for Triton's PyTorch backend, whose conventions it follows: names <any>__<position>, texts as
/// one dimension of TYPE_STRING, which excludes batches made by the server.
/// @param model_name  as plain_name gives it.  @param num_outputs  L.
/// Source: triton-inference-server/pytorch_backend, README.md and model_instance_state.cc, ValidateInputs.
std::string triton_config(const std::string& model_name, int64_t num_outputs);

/// Writes the model repository `folder`, whole or not at all: <name>/config.pbtxt, <name>/labels.txt and
/// <name>/1/model.pt, which is what export_artifact writes and verifies.
/// @param run_name  of which plain_name makes <name>
/// @throws as export_artifact; RunFolderError where `folder` is there and is no empty folder
ExportReport export_triton(const ArtifactParts& parts, const TrainerAnswers& trainer,
                           const std::filesystem::path& folder, const std::string& run_name);

}  // namespace bernoulli

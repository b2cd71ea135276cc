#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "export/verify.h"

namespace bernoulli {

/// Reads the bytes again and evaluates the graph node by node on the ids of the trainer's texts, in batches
/// that are at most the trainer's: in float64, where the order of sums does not matter, against the trained
/// network in float64, within kVerifyTolerance; and in float32 against the trainer's probabilities, within
/// 1e-4, and each against the sigmoid of its own logit.
/// @return the largest difference in float32. @throws ArtifactError naming what differs.
Verification verify_onnx(std::string_view bytes, const std::string& name, const ArtifactParts& parts,
                         const TrainerAnswers& trainer);

/// Serialises, verifies, and only then writes the file, atomically. @throws as export_artifact and
/// serialize_onnx
ExportReport export_onnx(const ArtifactParts& parts, const TrainerAnswers& trainer,
                         const std::filesystem::path& path);

}  // namespace bernoulli

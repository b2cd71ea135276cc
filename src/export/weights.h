#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "export/verify.h"

namespace bernoulli {

/// The bytes of a safetensors file: the network's tensors by the names that they have in a checkpoint, and as
/// metadata portable_records (docs/artifact.md, "safetensors"). The same parts give the
/// same bytes. @throws InternalError if the parts do not fit together.
std::string serialize_weights(const ArtifactParts& parts);

/// Reads the bytes again and compares names, shapes and metadata with the parts, and the weights bit for bit;
/// then a network of the weights that were read answers the trainer's texts, in its batches.
/// @throws ArtifactError naming what differs.
Verification verify_weights(std::string_view bytes, const std::string& name, const ArtifactParts& parts,
                            const TrainerAnswers& trainer);

/// Serialises, verifies, and only then writes the file, atomically. @throws as export_artifact
ExportReport export_weights(const ArtifactParts& parts, const TrainerAnswers& trainer,
                            const std::filesystem::path& path);

}  // namespace bernoulli

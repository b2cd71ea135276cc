#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <c10/core/Device.h>

#include "cli/verb_arguments.h"
#include "config/run_config.h"
#include "core/string_rows.h"
#include "data/dataset.h"
#include "model/sequential.h"
#include "text/vectorizer.h"

namespace bernoulli::cli {

/// What an exported file is made of.
struct ExportParts {
  const RunConfig& config;
  const Vectorizer& vectorizer;
  const Labels& labels;
  const std::vector<double>& thresholds;
  const std::vector<double>& pos_weight;
  const std::vector<double>& temperatures;
  const Sequential& model;
  c10::Device device;
};

/// Raw texts with the trainer's own logits N*L, divided by the temperature: the file must give the same in
/// the same batches.
struct ReferenceTexts {
  StringRows texts;
  std::vector<float> logits;
  std::vector<int64_t> batches;  ///< batch_begins
  std::string split;
};

/// Writes `path`, a folder for triton, after what is to be written, read back, gave the trainer's
/// probabilities on the raw texts. Returns {"file", "size_bytes", "verified_texts", "verified_split",
/// "max_difference"}.
/// @throws ArtifactError if it does not; then there is no file. UsageError for a model that the format cannot
/// hold; RunFolderError for a folder that is there; IoError
nlohmann::ordered_json write_artifact(const ExportParts& parts, const ReferenceTexts& reference,
                                      const std::filesystem::path& path,
                                      ExportFormat format = ExportFormat::kTorchScript);

}  // namespace bernoulli::cli

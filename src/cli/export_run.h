#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/verb_arguments.h"
#include "config/run_config.h"
#include "data/dataset.h"
#include "export/verify.h"
#include "metrics/decision.h"
#include "metrics/logit_scaling.h"
#include "model/sequential.h"
#include "text/token_view.h"
#include "text/vectorizer.h"

namespace bernoulli::cli {

/// What an exported file is made of.
struct ExportParts {
  const RunConfig& config;
  const Vectorizer& vectorizer;
  const Labels& labels;
  const DecisionRule& rule;
  const std::vector<double>& pos_weight;
  const LogitScaling& scaling;
  const Sequential& model;  ///< on the CPU, where files are held against it
  /// With export.buckets: used, a flag a row of the table: whether a training text has it. Else not called.
  std::function<std::vector<bool>()> used_rows;
  std::function<void()> before_writing = {};  ///< TrainerAnswers
};

/// What a file is held against: the trainer's own logits, scaled as the model scales them.
struct ReferenceTexts {
  TrainerAnswers answers;  ///< write_artifact says how they are compared
  std::string split;
  std::span<const float> targets;  ///< N*L
  std::span<const float> weights;  ///< N, or empty: all 1
};

/// Which rows of a table of `num_ids` stand in some text.
std::vector<bool> rows_in(const TokenView& texts, int64_t num_ids);

/// Writes `path`, a folder for triton, after what is to be written, read back, gave the trainer's
/// probabilities on the raw texts; for a compact form (RunConfig::exported) those of the trainer's path with
/// the weights that the file has. Returns {"file", "size_bytes", "verified_texts", "verified_split",
/// "max_difference"}, for a compact form "table" too: the form, and what it changed.
/// @throws ArtifactError if it does not, or more decisions change than export.max_changed allows; then there
/// is no file. UsageError for a model that the format cannot
/// hold; RunFolderError for a folder that is there; IoError
nlohmann::ordered_json write_artifact(const ExportParts& parts, ReferenceTexts reference,
                                      const std::filesystem::path& path,
                                      ExportFormat format = ExportFormat::kTorchScript);

/// What write_artifact returned, for people: a line, and one more for a compact form.
/// @param path  where it was written
std::string export_text(const nlohmann::ordered_json& report, const std::filesystem::path& path);

}  // namespace bernoulli::cli

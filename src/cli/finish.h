#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <c10/core/Device.h>

#include "store/run_folder.h"
#include "tensor/checkpoint.h"
#include "train/metrics_log.h"
#include "train/prepare.h"
#include "train/trainer.h"

namespace bernoulli::cli {

/// A training that has ended, before its result is written.
struct FinishedTraining {
  const RunConfig& config;
  const PreparedRun& run;
  const RunPaths& paths;
  const CheckpointFolder& checkpoints;
  const TrainingOutcome& outcome;
  c10::Device device;
  const std::string& engine;  ///< EngineChoice::name
  const RunFolder& folder;
};

/// Fits temperature, shift and threshold on validation data, evaluates the chosen checkpoint on validation
/// and test data, exports and verifies model.pt, writes report.html and summary.json. Returns the summary.
nlohmann::ordered_json finish_run(const FinishedTraining& training, MetricsLog& log);

/// The summary for people.
std::string summary_text(const nlohmann::ordered_json& summary, const RunPaths& paths);

}  // namespace bernoulli::cli

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/given_thresholds.h"
#include "config/load.h"
#include "store/run_paths.h"

/// The command lines of the verbs that need LibTorch, read and checked without it: the small program answers
/// --help and refuses what cannot work before it becomes the large one, which reads the words again. Each
/// function gives nothing when --help was asked for and printed. @throws UsageError, ArtifactError
namespace bernoulli::cli {

struct TrainArguments {
  config::ConfigSources sources;
  std::optional<std::filesystem::path> run_dir;
  std::string device = "auto";
  bool resume = false;
  bool dry_run = false;
  bool json = false;
  std::optional<int> processes;  ///< to train in, on this machine; absent: as the environment says
  std::optional<int64_t> pause_after_epoch;
  std::vector<std::string> words;  ///< as typed, for environment.json
};
std::optional<TrainArguments> train_arguments(const std::vector<std::string>& words);

struct EvaluateArguments {
  std::string model;                   ///< run folder or exported file
  std::vector<std::string> data;       ///< files or patterns; empty: the data of the run
  std::optional<std::string> part;     ///< of these: train, validation or test; absent: test, else validation
  std::string format;                  ///< of `data`, as data.test.format
  std::vector<std::string> overrides;  ///< of keys of `data` in the configuration
  std::string device;
  std::optional<std::string> answers;  ///< file of one record an example, or "-"
  bool intervals = false;
  GivenThresholds thresholds;
  bool by_length = false;       ///< the figures of texts of about the same length, too
  std::vector<std::string> by;  ///< and those of each value of each of these columns
  std::vector<int64_t> top;     ///< of several labels: precision and recall of so many most probable ones
  bool json = false;
};
std::optional<EvaluateArguments> evaluate_arguments(const std::vector<std::string>& words);

/// What `export` writes: docs/artifact.md.
enum class ExportFormat { kTorchScript, kOnnx, kTriton, kSafetensors };

struct ExportArguments {
  RunPaths run;
  ExportFormat format = ExportFormat::kTorchScript;
  std::filesystem::path output;
  std::vector<std::string> overrides;  ///< of keys of `data` in the configuration
  std::vector<config::Override> form;  ///< of keys of `export`
  bool json = false;
};
std::optional<ExportArguments> export_arguments(const std::vector<std::string>& words);

struct ReportArguments {
  std::vector<RunPaths> runs;  ///< one or more, each a run folder
  std::filesystem::path output;
  bool usual_output = false;           ///< --output was not given
  std::vector<std::string> overrides;  ///< of keys of `data` in the configurations
  bool json = false;
};
std::optional<ReportArguments> report_arguments(const std::vector<std::string>& words);

struct StabilityArguments {
  config::ConfigSources sources;
  std::optional<std::filesystem::path> output;
  std::string device;
  bool json = false;
};
std::optional<StabilityArguments> stability_arguments(const std::vector<std::string>& words);

struct DoctorArguments {
  bool json = false;
};
std::optional<DoctorArguments> doctor_arguments(const std::vector<std::string>& words);

}  // namespace bernoulli::cli

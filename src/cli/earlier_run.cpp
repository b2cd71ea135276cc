#include "cli/earlier_run.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "infer/run_files.h"
#include "train/start_from.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStartKey = "start_from";

/// The run at a path, with another checkpoint of it where the path names that.
RunFiles load_earlier(const fs::path& path) {
  if (!path_exists(path))
    throw ArtifactError(
        fmt::format("model.start_from: '{}' does not exist (expected a run folder or a checkpoint in one)",
                    path.string()));
  if (fs::is_directory(path)) return load_run_files(run_at(path));
  const fs::path folder = fs::absolute(path).parent_path().parent_path();
  if (path.extension() != ".safetensors" || !is_run_folder(folder))
    throw ArtifactError(
        fmt::format("model.start_from: '{}' is no checkpoint in a run folder (expected that, or the "
                    "run folder: its vocabulary says which row is of which token)",
                    path.string()));
  RunFiles files = load_run_files({folder});
  files.warning.clear();
  files.checkpoint = load_raw_checkpoint(path);
  if (files.checkpoint.fingerprints.value("vocabulary", "") != files.vectorizer.ids_fingerprint())
    throw ArtifactError(
        fmt::format("'{}' was not trained with the vocabulary of the run that it lies in", path.string()));
  return files;
}

}  // namespace

void start_from_earlier_run(const RunConfig& config, PreparedRun& run) {
  if (!config.model.start_from) return;
  const StartFromConfig& start = *config.model.start_from;
  const RunFiles earlier = load_earlier(start.path);
  if (!earlier.warning.empty()) log_warning(earlier.warning);
  nlohmann::ordered_json record =
      start_from(start,
                 {fmt::format("'{}', step {}", start.path, earlier.checkpoint.step),
                  earlier.checkpoint.weights, earlier.vectorizer, earlier.info.labels, earlier.plan},
                 *run.vectorizer, run.labels, run.plan);
  record["step"] = earlier.checkpoint.step;
  run.audit[kStartKey] = std::move(record);
}

void keep_start(const RunPaths& paths, PreparedRun& run) {
  std::error_code ignored;
  if (!fs::exists(paths.data(), ignored)) return;
  try {
    const nlohmann::ordered_json before = read_json(paths.data());
    if (before.contains(kStartKey)) run.audit[kStartKey] = before[kStartKey];
  } catch (const ArtifactError& error) {
    log_warning(fmt::format("{}; it is written anew", error.what()));
  }
}

}  // namespace bernoulli::cli

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/file.h"

namespace bernoulli {

/// Names inside a run folder: the contract of README, "The run folder".
struct RunPaths {
  std::filesystem::path folder;

  std::filesystem::path config() const { return folder / "config.yaml"; }
  std::filesystem::path environment() const { return folder / "environment.json"; }
  std::filesystem::path data() const { return folder / "data.json"; }
  std::filesystem::path vocabulary() const { return folder / "vocabulary.txt"; }
  std::filesystem::path metrics() const { return folder / "metrics.jsonl"; }
  std::filesystem::path checkpoints() const { return folder / "checkpoints"; }
  std::filesystem::path artifact() const { return folder / "model.pt"; }
  std::filesystem::path summary() const { return folder / "summary.json"; }
};

/// A run folder that this process owns until destroyed.
class RunFolder {
 public:
  /// `requested`, or runs/<name>-<first free number>. @throws RunFolderError if the folder holds a run
  /// already or is in use, IoError.
  static RunFolder create(const std::optional<std::filesystem::path>& requested, const std::string& name);
  /// An existing run, to go on with it; leftovers of a killed writer are removed. Also takes a folder that
  /// does not exist yet or is empty: nothing was saved, so there is nothing to lose. @throws RunFolderError,
  /// IoError
  static RunFolder open_for_resume(const std::filesystem::path& folder);

  /// A folder into which nothing was written is removed again.
  ~RunFolder();
  RunFolder(RunFolder&&) noexcept = default;

  const RunPaths& paths() const { return paths_; }

 private:
  explicit RunFolder(std::filesystem::path folder);

  RunPaths paths_;
  std::unique_ptr<FolderLock> lock_;
};

/// True where `folder` looks like a run (holds config.yaml).
bool is_run_folder(const std::filesystem::path& folder);

/// Atomic, indented, with a final newline. @throws IoError
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& value);

/// @throws ArtifactError naming the file when it is not valid JSON; IoError
nlohmann::ordered_json read_json(const std::filesystem::path& path);

}  // namespace bernoulli

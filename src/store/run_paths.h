#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace bernoulli {

/// Names inside a run folder: the contract of README, "A run folder".
struct RunPaths {
  std::filesystem::path folder;

  std::filesystem::path config() const { return folder / "config.yaml"; }
  std::filesystem::path environment() const { return folder / "environment.json"; }
  std::filesystem::path data() const { return folder / "data.json"; }
  std::filesystem::path vocabulary() const { return folder / "vocabulary.txt"; }
  std::filesystem::path metrics() const { return folder / "metrics.jsonl"; }
  std::filesystem::path checkpoints() const { return folder / "checkpoints"; }
  std::filesystem::path artifact() const { return folder / "model.pt"; }
  std::filesystem::path onnx() const { return folder / "model.onnx"; }
  std::filesystem::path triton() const { return folder / "triton"; }
  std::filesystem::path safetensors() const { return folder / "model.safetensors"; }
  std::filesystem::path summary() const { return folder / "summary.json"; }
  std::filesystem::path report() const { return folder / "report.html"; }
  std::filesystem::path lock() const;  ///< FolderLock
  /// All of these.
  std::vector<std::filesystem::path> all() const;
};

/// True where `folder` looks like a run (holds config.yaml).
bool is_run_folder(const std::filesystem::path& folder);

/// Indented, with a final newline; bytes that are no UTF-8 are replaced.
std::string json_text(const nlohmann::ordered_json& value);

/// Atomic, indented, with a final newline. @throws IoError
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& value);

/// @throws ArtifactError naming the file when it is not one JSON object; IoError
nlohmann::ordered_json read_json(const std::filesystem::path& path);

}  // namespace bernoulli

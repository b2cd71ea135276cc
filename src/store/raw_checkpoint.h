#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "store/raw_tensors.h"

namespace bernoulli {

class FileBytes;

/// A checkpoint as it lies in its file (docs/checkpoint_format.md); tensor/checkpoint.h says what it means.
struct RawCheckpoint {
  int64_t step = 0;
  nlohmann::ordered_json state;
  nlohmann::ordered_json fingerprints;
  std::vector<RawTensor> weights;
  std::vector<RawTensor> training;
  std::shared_ptr<FileBytes> file;  ///< what the tensors look into, where a file was read
  std::string checksum;             ///< of that file
};

/// @return tensors whose bytes point into `file`.
/// @param name stands for the file in messages. @throws ArtifactError naming the file and what is wrong.
RawCheckpoint read_raw_checkpoint(std::string_view file, const std::string& name);

/// @throws ArtifactError, IoError
RawCheckpoint load_raw_checkpoint(const std::filesystem::path& path);

/// The files of a folder of checkpoints, found by step number, never by time stamp.
std::filesystem::path checkpoint_path(const std::filesystem::path& folder, int64_t step);
/// Steps with a file, ascending. @throws IoError where the folder is there and cannot be listed
std::vector<int64_t> checkpoint_steps(const std::filesystem::path& folder);
/// The newest checkpoint that is whole; damaged newer ones are named in a warning. Absent when there is no
/// file at all.
/// @throws ArtifactError when there are files and none of them is whole.
std::optional<RawCheckpoint> load_newest_checkpoint(const std::filesystem::path& folder);

/// What such a file holds: save_raw_checkpoint writes write_raw_tensors of it.
RawTensors content_of(const RawCheckpoint& checkpoint);

/// Replaces the file durably. @throws InternalError for a name that is taken, IoError
void save_raw_checkpoint(const std::filesystem::path& path, const RawCheckpoint& checkpoint);

}  // namespace bernoulli

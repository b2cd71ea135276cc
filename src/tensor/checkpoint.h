#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tensor/named_tensors.h"

namespace bernoulli {

/// The whole state of a training: enough to go on bit for bit. One safetensors file
/// (docs/checkpoint_format.md).
struct Checkpoint {
  int64_t step = 0;                     ///< weight updates done
  nlohmann::ordered_json state;         ///< the trainer's position and memory
  nlohmann::ordered_json fingerprints;  ///< "config", "data", "vocabulary": what the state belongs to
  NamedTensors weights;   ///< parameters and buffers that evaluation uses (averages where they are kept)
  NamedTensors training;  ///< what only training needs: optimizer state, raw weights beside averages
};

/// Bytes of all tensors.
int64_t num_bytes(const Checkpoint& checkpoint);

/// Exchanges tensors, which may be those that a training goes on to change, for copies in host memory.
void copy_tensors(Checkpoint& checkpoint);

/// @throws IoError; the file is complete or absent.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// The weights of a checkpoint alone. @throws ArtifactError naming the file and what is wrong with it;
/// IoError
NamedTensors load_weights(const std::filesystem::path& path);

/// The files of checkpoints/, found by step number, never by time stamp.
class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path path_of(int64_t step) const;
  /// Steps with a file, ascending. @throws IoError where the folder is there and cannot be listed
  std::vector<int64_t> steps() const;
  /// Creates the folder where needed, inside a run folder that is there, and saves. @throws IoError
  void save(const Checkpoint& checkpoint) const;
  /// The newest checkpoint that is whole; damaged newer ones are named in a warning. Absent when there is no
  /// file at all.
  /// @throws ArtifactError when there are files and none of them is whole.
  std::optional<Checkpoint> load_newest() const;
  /// Removes the checkpoint of `step`, where there is one.
  void remove(int64_t step) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace bernoulli

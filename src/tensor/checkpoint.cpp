#include "tensor/checkpoint.h"

#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "store/raw_checkpoint.h"
#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

}  // namespace

int64_t num_bytes(const Checkpoint& checkpoint) {
  int64_t sum = 0;
  for (const NamedTensors* tensors : {&checkpoint.weights, &checkpoint.training}) {
    for (const auto& [name, tensor] : *tensors) sum += static_cast<int64_t>(tensor.nbytes());
  }
  return sum;
}

void copy_tensors(Checkpoint& checkpoint) {
  for (NamedTensors* tensors : {&checkpoint.weights, &checkpoint.training}) {
    for (auto& [name, tensor] : *tensors) {
      tensor = tensor.detach().to(tensor.options().device(at::kCPU), /*non_blocking=*/false, /*copy=*/true);
    }
  }
}

void save_checkpoint(const fs::path& path, const Checkpoint& checkpoint) {
  const HostTensors weights(checkpoint.weights);
  const HostTensors training(checkpoint.training);
  save_raw_checkpoint(path, {checkpoint.step,
                             checkpoint.state,
                             checkpoint.fingerprints,
                             weights.raw(),
                             training.raw(),
                             nullptr,
                             {}});
}

NamedTensors load_weights(const fs::path& path) {
  const RawCheckpoint raw = load_raw_checkpoint(path);
  return to_tensors(raw.weights, raw.file);
}

fs::path CheckpointFolder::path_of(int64_t step) const { return checkpoint_path(folder_, step); }

std::vector<int64_t> CheckpointFolder::steps() const { return checkpoint_steps(folder_); }

void CheckpointFolder::save(const Checkpoint& checkpoint) const {
  std::error_code ignored;
  if (!folder_.parent_path().empty() && !fs::is_directory(folder_.parent_path(), ignored)) {
    throw IoError(fmt::format("cannot save a checkpoint: the run folder '{}' is no longer there",
                              folder_.parent_path().string()));
  }
  create_folder(folder_);
  save_checkpoint(path_of(checkpoint.step), checkpoint);
}

std::optional<Checkpoint> CheckpointFolder::load_newest() const {
  std::optional<RawCheckpoint> raw = load_newest_checkpoint(folder_);
  if (!raw) return std::nullopt;
  return Checkpoint{raw->step, std::move(raw->state), std::move(raw->fingerprints),
                    to_tensors(raw->weights, raw->file), to_tensors(raw->training, raw->file)};
}

void CheckpointFolder::remove(int64_t step) const {
  std::error_code ignored;
  fs::remove(path_of(step), ignored);
}

}  // namespace bernoulli

#include "run/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tensor/safetensors.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "bernoulli-checkpoint-1";
constexpr std::string_view kWeights = "weights/";
constexpr std::string_view kTraining = "training/";
constexpr std::string_view kStem = "step-";
constexpr std::string_view kExtension = ".safetensors";

const std::string& required(const SafetensorsContent& content, const std::string& key,
                            const std::string& name) {
  const auto found = content.metadata.find(key);
  if (found == content.metadata.end()) {
    throw ArtifactError(
        fmt::format("'{}' is not a bernoulli checkpoint: its metadata has no '{}'", name, key));
  }
  return found->second;
}

Json parse_json(const std::string& text, const std::string& name) {
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_object())
    throw ArtifactError(fmt::format("'{}' is damaged: its metadata is not a JSON object", name));
  return value;
}

std::optional<int64_t> step_of(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kStem) || !name.ends_with(kExtension)) return std::nullopt;
  const char* begin = name.data() + kStem.size();
  const char* end = name.data() + name.size() - kExtension.size();
  int64_t step = 0;
  const auto [parsed, error] = std::from_chars(begin, end, step);
  if (error != std::errc() || parsed != end) return std::nullopt;
  return step;
}

}  // namespace

void save_checkpoint(const fs::path& path, const Checkpoint& checkpoint) {
  SafetensorsContent content;
  content.metadata["format"] = kFormat;
  content.metadata["step"] = std::to_string(checkpoint.step);
  content.metadata["state"] = checkpoint.state.dump();
  content.metadata["fingerprints"] = checkpoint.fingerprints.dump();
  for (const auto& [name, tensor] : checkpoint.weights)
    content.tensors.emplace_back(fmt::format("{}{}", kWeights, name), tensor);
  for (const auto& [name, tensor] : checkpoint.training)
    content.tensors.emplace_back(fmt::format("{}{}", kTraining, name), tensor);
  write_file_atomic(path, write_safetensors(content));
}

Checkpoint load_checkpoint(const fs::path& path) {
  const std::string name = path.string();
  SafetensorsContent content = read_safetensors(read_file(path), name);
  if (const std::string& format = required(content, "format", name); format != kFormat) {
    throw ArtifactError(fmt::format("'{}' has format '{}'; this program reads '{}'", name, format, kFormat));
  }
  Checkpoint checkpoint;
  const std::string& step = required(content, "step", name);
  if (std::from_chars(step.data(), step.data() + step.size(), checkpoint.step).ec != std::errc()) {
    throw ArtifactError(fmt::format("'{}' is damaged: step '{}' is not a number", name, step));
  }
  checkpoint.state = parse_json(required(content, "state", name), name);
  checkpoint.fingerprints = parse_json(required(content, "fingerprints", name), name);
  for (auto& [tensor_name, tensor] : content.tensors) {
    if (tensor_name.starts_with(kWeights)) {
      checkpoint.weights.emplace_back(tensor_name.substr(kWeights.size()), tensor);
    } else if (tensor_name.starts_with(kTraining)) {
      checkpoint.training.emplace_back(tensor_name.substr(kTraining.size()), tensor);
    } else {
      throw ArtifactError(fmt::format("'{}' holds an unknown tensor '{}'", name, tensor_name));
    }
  }
  return checkpoint;
}

fs::path CheckpointFolder::path_of(int64_t step) const {
  return folder_ / fmt::format("{}{:09}{}", kStem, step, kExtension);
}

std::vector<int64_t> CheckpointFolder::steps() const {
  std::vector<int64_t> steps;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    if (const std::optional<int64_t> step = step_of(entry.path())) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

void CheckpointFolder::save(const Checkpoint& checkpoint) const {
  create_folder(folder_);
  save_checkpoint(path_of(checkpoint.step), checkpoint);
}

std::optional<Checkpoint> CheckpointFolder::load_newest() const {
  std::vector<int64_t> candidates = steps();
  std::string faults;
  for (; !candidates.empty(); candidates.pop_back()) {
    try {
      Checkpoint checkpoint = load_checkpoint(path_of(candidates.back()));
      if (!faults.empty()) {
        log_warning(fmt::format("{}using the newest whole checkpoint, step {}", faults, candidates.back()));
      }
      return checkpoint;
    } catch (const ArtifactError& error) {
      faults += fmt::format("{}; ", error.what());
    }
  }
  if (!faults.empty()) {
    throw ArtifactError(
        fmt::format("no checkpoint in '{}' is whole: {}nothing was changed", folder_.string(), faults));
  }
  return std::nullopt;
}

void CheckpointFolder::prune(const std::set<int64_t>& keep) const {
  for (const int64_t step : steps()) {
    std::error_code ignored;
    if (!keep.contains(step)) fs::remove(path_of(step), ignored);
  }
}

}  // namespace bernoulli

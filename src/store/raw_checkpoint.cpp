#include "store/raw_checkpoint.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/parse_number.h"
#include "core/shallow_json.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "bernoulli-checkpoint-1";
constexpr std::string_view kWeights = "weights/";
constexpr std::string_view kTraining = "training/";
constexpr std::string_view kStem = "step-";
constexpr std::string_view kExtension = ".safetensors";

const std::string& required(const RawTensors& content, const std::string& key, const std::string& name) {
  const auto found = content.metadata.find(key);
  if (found == content.metadata.end()) {
    throw ArtifactError(
        fmt::format("'{}' is not a bernoulli checkpoint: its metadata has no '{}'", name, key));
  }
  return found->second;
}

Json parse_json(const std::string& text, const std::string& name) {
  Json value = parse_shallow_json(text);
  if (!value.is_object())
    throw ArtifactError(fmt::format("'{}' is damaged: its metadata is not a JSON object", name));
  return value;
}

std::optional<int64_t> step_of(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kStem) || !name.ends_with(kExtension)) return std::nullopt;
  return parse_number<int64_t>(
      std::string_view(name).substr(kStem.size(), name.size() - kStem.size() - kExtension.size()));
}

}  // namespace

RawCheckpoint read_raw_checkpoint(std::string_view file, const std::string& name) {
  RawTensors content = read_raw_tensors(file, name);
  if (const std::string& format = required(content, "format", name); format != kFormat) {
    throw ArtifactError(fmt::format("'{}' has format '{}'; this program reads '{}'", name, format, kFormat));
  }
  RawCheckpoint checkpoint;
  checkpoint.checksum = std::move(content.checksum);
  const std::string& step = required(content, "step", name);
  checkpoint.step = parse_number<int64_t>(step).value_or(-1);
  if (checkpoint.step < 0)
    throw ArtifactError(fmt::format("'{}' is damaged: step '{}' is not a number", name, step));
  checkpoint.state = parse_json(required(content, "state", name), name);
  checkpoint.fingerprints = parse_json(required(content, "fingerprints", name), name);
  for (RawTensor& tensor : content.tensors) {
    if (tensor.name.starts_with(kWeights)) {
      tensor.name.erase(0, kWeights.size());
      checkpoint.weights.push_back(std::move(tensor));
    } else if (tensor.name.starts_with(kTraining)) {
      tensor.name.erase(0, kTraining.size());
      checkpoint.training.push_back(std::move(tensor));
    } else {
      throw ArtifactError(fmt::format("'{}' holds an unknown tensor '{}'", name, tensor.name));
    }
  }
  return checkpoint;
}

RawCheckpoint load_raw_checkpoint(const fs::path& path) {
  auto file = std::make_shared<FileBytes>(path);
  RawCheckpoint checkpoint = read_raw_checkpoint(file->view(), path.string());
  checkpoint.file = std::move(file);
  return checkpoint;
}

fs::path checkpoint_path(const fs::path& folder, int64_t step) {
  return folder / fmt::format("{}{:09}{}", kStem, step, kExtension);
}

std::vector<int64_t> checkpoint_steps(const fs::path& folder) {
  std::vector<int64_t> steps;
  for (const fs::path& path : list_folder(folder)) {
    if (const std::optional<int64_t> step = step_of(path)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<RawCheckpoint> load_newest_checkpoint(const fs::path& folder) {
  std::vector<int64_t> candidates = checkpoint_steps(folder);
  std::string faults;
  for (; !candidates.empty(); candidates.pop_back()) {
    try {
      RawCheckpoint checkpoint = load_raw_checkpoint(checkpoint_path(folder, candidates.back()));
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
        fmt::format("no checkpoint in '{}' is whole: {}nothing was changed", folder.string(), faults));
  }
  return std::nullopt;
}

RawTensors content_of(const RawCheckpoint& checkpoint) {
  RawTensors content;
  content.metadata["format"] = kFormat;
  content.metadata["step"] = std::to_string(checkpoint.step);
  content.metadata["state"] = checkpoint.state.dump();
  content.metadata["fingerprints"] = checkpoint.fingerprints.dump();
  const auto add = [&](std::string_view prefix, const std::vector<RawTensor>& tensors) {
    for (RawTensor tensor : tensors) {
      tensor.name.insert(0, prefix);
      content.tensors.push_back(std::move(tensor));
    }
  };
  add(kWeights, checkpoint.weights);
  add(kTraining, checkpoint.training);
  return content;
}

void save_raw_checkpoint(const fs::path& path, const RawCheckpoint& checkpoint) {
  const RawTensors content = content_of(checkpoint);
  // Tables of large vocabularies go to the file as they lie; a copy of the whole would take as much memory.
  constexpr size_t kSmall = size_t{1} << 20;
  std::string small = raw_tensors_head(content);
  int64_t num_bytes = static_cast<int64_t>(small.size());
  for (const RawTensor& tensor : content.tensors) num_bytes += static_cast<int64_t>(tensor.bytes.size());
  AtomicFile file(path, {.expected_bytes = num_bytes});
  for (const RawTensor& tensor : content.tensors) {
    if (small.size() + tensor.bytes.size() <= kSmall) {
      small += tensor.bytes;
      continue;
    }
    file.append(small);
    small.clear();
    file.append(tensor.bytes);
  }
  if (!small.empty()) file.append(small);
  file.commit();
}

}  // namespace bernoulli

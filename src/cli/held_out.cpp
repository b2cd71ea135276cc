#include "cli/held_out.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/stop.h"
#include "data/source_files.h"

namespace bernoulli::cli {
namespace {

constexpr size_t kTextsAtOnce = 16384;

}  // namespace

std::optional<HeldOutData> load_held_out(const DataConfig& data, const TaskConfig& task) {
  DataSplits splits = load_data(data, task);
  if (splits.test) return HeldOutData{"test", std::move(*splits.test)};
  if (splits.validation) return HeldOutData{"validation", std::move(*splits.validation)};
  return std::nullopt;
}

std::vector<std::string> parts_of(const DataConfig& data) {
  const auto is_there = [&](const HeldOutConfig& held_out) {
    const bool is_gone =
        held_out.source && held_out.source->optional && is_absent(data.root, *held_out.source);
    return held_out.present() && !is_gone;
  };
  std::vector<std::string> parts = {"train"};
  if (is_there(data.validation)) parts.emplace_back("validation");
  if (is_there(data.test)) parts.emplace_back("test");
  return parts;
}

HeldOutData load_part(const DataConfig& data, const TaskConfig& task, const std::string& part) {
  DataSplits splits = load_data(data, task);
  if (part == "train") return {part, std::move(splits.train)};
  std::optional<Dataset>& held_out = part == "test" ? splits.test : splits.validation;
  if (!held_out) throw InternalError(fmt::format("there are no {} data", part));
  return {part, std::move(*held_out)};
}

std::string change_since_training(const RunPaths& run, const std::string& split, const Dataset& dataset) {
  if (!is_run_folder(run.folder) || !std::filesystem::exists(run.data())) return "";
  const nlohmann::ordered_json audit = read_json(run.data());
  const nlohmann::ordered_json::json_pointer place("/" + split + "/fingerprint");
  if (!audit.contains(place) || !audit[place].is_string()) return "";
  const std::string then = audit[place], now = fingerprint(dataset);
  if (then.empty() || then == now) return "";
  return fmt::format("the {} data are not those of the training ({} has fingerprint {}, now {})", split,
                     run.data().string(), then, now);
}

std::vector<float> logits_of(Classifier& classifier, const Dataset& dataset) {
  const auto batch = static_cast<size_t>(classifier.config().training.eval_batch_size);
  const size_t block = std::max<size_t>(1, kTextsAtOnce / batch) * batch;
  std::vector<float> logits;
  logits.reserve(dataset.targets.size());
  for (size_t begin = 0; begin < dataset.texts.size(); begin += block) {
    throw_if_stopped();
    const auto first = dataset.texts.begin() + static_cast<std::ptrdiff_t>(begin);
    const size_t count = std::min(block, dataset.texts.size() - begin);
    const std::vector<float> part = classifier.logits({first, first + static_cast<std::ptrdiff_t>(count)});
    logits.insert(logits.end(), part.begin(), part.end());
  }
  return logits;
}

}  // namespace bernoulli::cli

#include "data/dataset.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/hash.h"
#include "data/label_reader.h"
#include "data/read_source.h"
#include "data/split.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

/// A held-out set with a path of its own; empty where an optional one is not there.
std::optional<Dataset> read_held_out(const DataConfig& data, const HeldOutConfig& held_out,
                                     const TaskConfig& task, const LabelReader& labels, int threads,
                                     const std::shared_ptr<TextStore>& store, std::string* absent_reason) {
  if (!held_out.source) return std::nullopt;
  const fs::path path = path_of(data, held_out.source->path);
  std::error_code ignored;
  if (held_out.source->optional && !fs::exists(path, ignored)) {
    *absent_reason = fmt::format("'{}' is not there, and the configuration calls it optional", path.string());
    return std::nullopt;
  }
  return labels.read(read_source(path, held_out.source->format, data.columns, task, threads, store));
}

}  // namespace

fs::path path_of(const DataConfig& data, const std::string& path) {
  return fs::path(path).is_absolute() ? fs::path(path) : fs::path(data.root) / path;
}

Dataset Dataset::take(const std::vector<int64_t>& indices) const {
  Dataset part;
  part.num_labels = num_labels;
  part.store = store;
  part.texts.reserve(indices.size());
  part.origins.reserve(indices.size());
  part.targets.reserve(indices.size() * static_cast<size_t>(num_labels));
  for (const int64_t index : indices) {
    const auto i = static_cast<size_t>(index);
    part.texts.push_back(texts[i]);
    part.origins.push_back(origins[i]);
    const auto row = targets.begin() + index * num_labels;
    part.targets.insert(part.targets.end(), row, row + num_labels);
    if (!weights.empty()) part.weights.push_back(weights[i]);
  }
  return part;
}

DataSplits load_data(const DataConfig& data, const TaskConfig& task, int threads,
                     std::shared_ptr<SpillSpace> space) {
  const auto store = std::make_shared<TextStore>(space ? std::move(space) : std::make_shared<SpillSpace>());
  DataSplits splits;
  std::optional<RawExamples> raw =
      read_source(path_of(data, data.train.path), data.train.format, data.columns, task, threads, store);
  const LabelReader labels(task, *raw);
  splits.labels = labels.labels();
  const bool splits_it = data.validation.split || data.test.split;
  Dataset whole = labels.read(*raw, splits_it ? 2 : 1);
  raw.reset();
  if (std::ranges::find(whole.targets, 1.0f) == whole.targets.end() &&
      task.kind == TaskConfig::Kind::kMultiLabel)
    throw DataError(
        fmt::format("'{}': no example has any of the labels (check data.columns and data.train.format)",
                    data.train.path));

  std::string ignored;
  splits.validation = read_held_out(data, data.validation, task, labels, threads, store, &ignored);
  splits.test = read_held_out(data, data.test, task, labels, threads, store, &splits.test_absent_reason);
  if (!data.test.present()) splits.test_absent_reason = "the configuration names no test data";
  if (!splits_it) {
    splits.train = std::move(whole);
    return splits;
  }
  const SplitIndices parts = split_indices(whole, data.validation.split, data.test.split);
  if (data.validation.split) splits.validation = whole.take(parts.validation);
  if (data.test.split) splits.test = whole.take(parts.test);
  splits.train = whole.take(parts.train);
  return splits;
}

Dataset load_dataset(const fs::path& path, const std::string& format, const ColumnsConfig& columns,
                     const TaskConfig& task, const Labels& labels) {
  return LabelReader(task, labels).read(read_source(path, format, columns, task));
}

std::string fingerprint(const Dataset& dataset) {
  const auto bytes = [](const std::vector<float>& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  StreamingHash hash;
  for (const std::string_view text : dataset.texts) hash.update_field(text);
  hash.update_field(bytes(dataset.targets));
  hash.update_field(bytes(dataset.weights));
  return hash.hex();
}

}  // namespace bernoulli

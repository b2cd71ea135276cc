#include "data/dataset.h"

#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/hash.h"
#include "data/label_reader.h"
#include "data/raw_example.h"
#include "data/split.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

fs::path resolve(const DataConfig& data, const SourceConfig& source) {
  const fs::path path = source.path;
  return path.is_absolute() ? path : fs::path(data.root) / path;
}

/// A held-out set with a path of its own; empty where an optional one is not there.
std::optional<Dataset> read_held_out(const DataConfig& data, const HeldOutConfig& held_out,
                                     const LabelReader& labels, std::string* absent_reason) {
  if (!held_out.source) return std::nullopt;
  const fs::path path = resolve(data, *held_out.source);
  std::error_code ignored;
  if (held_out.source->optional && !fs::exists(path, ignored)) {
    *absent_reason = fmt::format("'{}' is not there, and the configuration calls it optional", path.string());
    return std::nullopt;
  }
  return labels.read(read_source(path, held_out.source->format, data.columns, labels.labels().kind));
}

}  // namespace

Dataset Dataset::select(const std::vector<int64_t>& indices) const {
  Dataset part;
  part.num_labels = num_labels;
  part.texts.reserve(indices.size());
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

DataSplits load_data(const DataConfig& data, const TaskConfig& task) {
  DataSplits splits;
  std::vector<RawExample> raw =
      read_source(resolve(data, data.train), data.train.format, data.columns, task.kind);
  const LabelReader labels(task, raw);
  splits.labels = labels.labels();
  Dataset whole = labels.read(std::move(raw));

  std::string ignored;
  splits.validation = read_held_out(data, data.validation, labels, &ignored);
  splits.test = read_held_out(data, data.test, labels, &splits.test_absent_reason);
  if (!data.test.present()) splits.test_absent_reason = "the configuration names no test data";
  if (!data.validation.split && !data.test.split) {
    splits.train = std::move(whole);
    return splits;
  }
  const SplitIndices parts = split_indices(whole, data.validation.split, data.test.split);
  if (data.validation.split) splits.validation = whole.select(parts.validation);
  if (data.test.split) splits.test = whole.select(parts.test);
  splits.train = whole.select(parts.train);
  return splits;
}

Dataset load_dataset(const fs::path& path, const std::string& format, const ColumnsConfig& columns,
                     const TaskConfig& task, const Labels& labels) {
  return LabelReader(task, labels).read(read_source(path, format, columns, labels.kind));
}

std::string fingerprint(const Dataset& dataset) {
  const auto bytes = [](const std::vector<float>& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  StreamingHash hash;
  for (const std::string& text : dataset.texts) hash.update_field(text);
  hash.update_field(bytes(dataset.targets));
  hash.update_field(bytes(dataset.weights));
  return hash.hex();
}

}  // namespace bernoulli

#include "data/dataset.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/schema.h"
#include "core/error.h"
#include "core/hash.h"
#include "data/flags.h"
#include "data/label_reader.h"
#include "data/read_source.h"
#include "data/source_files.h"
#include "data/split.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

/// Rows of a source of their own are all of one part, whatever a column says.
ColumnsConfig without_split(ColumnsConfig columns) {
  columns.split.reset();
  return columns;
}

/// Reads the sources of a configuration into one store, and notes in `splits` what their files hold.
class SplitReader {
 public:
  SplitReader(const DataConfig& data, const TaskConfig& task, int threads, std::shared_ptr<TextStore> store,
              DataSplits& splits)
      : data_(data), task_(task), threads_(threads), store_(std::move(store)), splits_(splits) {}

  RawExamples train() { return read(data_.train, data_.columns, "train"); }

  /// A held-out set with a path of its own; empty where an optional one is not there.
  std::optional<Dataset> held_out(const HeldOutConfig& held_out, const char* name,
                                  const LabelReader& labels) {
    if (!held_out.source) return std::nullopt;
    if (held_out.source->optional && is_absent(data_.root, *held_out.source)) {
      splits_.test_absent_reason = fmt::format("'{}' is not there, and the configuration calls it optional",
                                               path_of(data_, held_out.source->paths.front()).string());
      return std::nullopt;
    }
    return labels.read(read(*held_out.source, without_split(data_.columns), name));
  }

 private:
  /// The examples of a source, one file after the other.
  RawExamples read(const SourceConfig& source, const ColumnsConfig& columns, const char* name) {
    const std::vector<fs::path> files = source_files(data_.root, source);
    std::optional<RawExamples> all;
    for (const fs::path& file : files) {
      RawExamples examples = read_source(file, source.format, columns, task_, threads_, store_);
      if (files.size() > 1)
        splits_.files[name].push_back({file.string(), static_cast<int64_t>(examples.size())});
      if (all)
        all->append(examples);
      else
        all.emplace(std::move(examples));
    }
    if (task_.kind == TaskConfig::Kind::kMultiLabel && columns.label_columns.empty()) refuse_flag_lists(*all);
    return std::move(*all);
  }

  const DataConfig& data_;
  const TaskConfig& task_;
  int threads_;
  std::shared_ptr<TextStore> store_;
  DataSplits& splits_;
};

std::string fingerprint_with(const Dataset& dataset, const std::vector<float>& weights) {
  const auto bytes = [](const std::vector<float>& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  StreamingHash hash;
  for (const std::string_view text : dataset.texts) hash.update_field(text);
  hash.update_field(bytes(dataset.targets));
  hash.update_field(bytes(weights));
  return hash.hex();
}

}  // namespace

fs::path path_of(const DataConfig& data, const std::string& path) {
  return fs::path(path).is_absolute() ? fs::path(path) : fs::path(data.root) / path;
}

Dataset Dataset::take(const std::vector<int64_t>& indices) const {
  Dataset part;
  part.num_labels = num_labels;
  part.store = store;
  part.slices.resize(slices.size());
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
    if (!groups.empty()) part.groups.push_back(groups[i]);
    for (size_t column = 0; column < slices.size(); ++column)
      part.slices[column].push_back(slices[column][i]);
  }
  return part;
}

DataSplits load_data(const DataConfig& data, const TaskConfig& task, int threads,
                     std::shared_ptr<SpillSpace> space) {
  const auto store = std::make_shared<TextStore>(space ? std::move(space) : std::make_shared<SpillSpace>());
  DataSplits splits;
  SplitReader reader(data, task, threads, store, splits);
  std::optional<RawExamples> raw = reader.train();
  const LabelReader labels(task, *raw);
  splits.labels = labels.labels();
  splits.left_out_labels = labels.left_out();
  const bool splits_it = data.validation.split || data.test.split || data.train_fraction;
  Dataset whole = labels.read(*raw, splits_it ? 2 : 1);
  raw.reset();
  if (std::ranges::find(whole.targets, 1.0f) == whole.targets.end() &&
      task.kind == TaskConfig::Kind::kMultiLabel)
    throw DataError(
        fmt::format("'{}': no example has any of the labels (check data.columns and data.train.format)",
                    in_words(data.train)));

  splits.validation = reader.held_out(data.validation, "validation", labels);
  splits.test = reader.held_out(data.test, "test", labels);
  if (!data.test.present()) splits.test_absent_reason = "the configuration names no test data";
  if (!splits_it) {
    splits.train = std::move(whole);
    return splits;
  }
  SplitIndices parts = split_indices(whole, data.validation.split, data.test.split);
  if (data.train_fraction) parts.train = drawn_share(parts.train, *data.train_fraction, data.train_seed);
  if (data.validation.split) splits.validation = whole.take(parts.validation);
  if (data.test.split) splits.test = whole.take(parts.test);
  splits.train = whole.take(parts.train);
  return splits;
}

namespace {

/// @throws DataError where files are taken for lines with labels by their names alone, and have none
void check_label_lines(const SourceConfig& source, const RawExamples& examples) {
  const auto is_by_name = [](const std::string& path) { return config::format_by_name(path) == "fasttext"; };
  const auto has_labels = [](const RawExample& example) { return !example.labels.empty(); };
  if (source.format != "auto" || !std::ranges::all_of(source.paths, is_by_name)) return;
  if (std::ranges::any_of(examples, has_labels)) return;
  throw DataError(fmt::format(
      "'{}': no line has a word that begins with __label__, as files of this name have; say with "
      "--format csv, tsv or jsonl how it is written (evaluate needs labels; predict answers texts "
      "without)",
      in_words(source)));
}

}  // namespace

Dataset load_dataset(const SourceConfig& source, const ColumnsConfig& columns, const TaskConfig& task,
                     const Labels& labels) {
  const auto store = std::make_shared<TextStore>(std::make_shared<SpillSpace>());
  DataConfig data;
  data.root.clear();
  data.train = source;
  data.columns = without_split(columns);
  data.columns.group.clear();
  DataSplits unused;
  const RawExamples examples = SplitReader(data, task, 1, store, unused).train();
  check_label_lines(source, examples);
  return LabelReader(task, labels).read(examples);
}

std::string fingerprint(const Dataset& dataset) { return fingerprint_with(dataset, dataset.weights); }

std::string unweighted_fingerprint(const Dataset& dataset) { return fingerprint_with(dataset, {}); }

}  // namespace bernoulli

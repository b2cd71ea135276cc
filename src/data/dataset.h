#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/run_config.h"
#include "core/spill.h"
#include "data/part.h"

namespace bernoulli {

/// Examples in a defined order. N examples, L labels (1 for binary).
struct Dataset {
  std::vector<std::string_view> texts;    ///< N, raw bytes
  std::vector<float> targets;             ///< N*L, row-major, 0 or 1
  std::vector<float> weights;             ///< N, or empty: all 1
  std::vector<std::string_view> origins;  ///< N: "path" or "path:line", for messages and reports
  std::vector<Part> parts;                ///< N, or empty: what a column says that each is for
  std::vector<std::string_view> groups;   ///< N, or empty: what data.columns.group says of each
  int64_t num_labels = 1;
  std::shared_ptr<const void> store;                       ///< keeps texts and origins where they are
  std::vector<std::vector<std::string_view>> slices = {};  ///< of each column of data.columns.slices, N

  int64_t size() const { return static_cast<int64_t>(texts.size()); }
  /// The examples at `indices`, in that order, as a data set of their own.
  Dataset take(const std::vector<int64_t>& indices) const;
};

/// Label names in the order of the target columns. binary: {negative, positive}.
struct Labels {
  TaskConfig::Kind kind = TaskConfig::Kind::kBinary;
  std::vector<std::string> names;
  int64_t num_outputs() const {
    return kind == TaskConfig::Kind::kBinary ? 1 : static_cast<int64_t>(names.size());
  }
  /// One a target column. binary: {positive}.
  std::vector<std::string> output_names() const {
    return kind == TaskConfig::Kind::kBinary ? std::vector<std::string>{names.back()} : names;
  }
};

struct DataSplits {
  Labels labels;
  Dataset train;
  std::optional<Dataset> validation;
  std::optional<Dataset> test;
  std::string test_absent_reason;  ///< why test is absent, for the log
  /// Of "train", "validation", "test", each as far as its source has several files: what they hold, in order.
  struct File {
    std::string path;
    int64_t num_examples = 0;
  };
  std::map<std::string, std::vector<File>> files;
  /// Labels that task.min_count leaves out, with the number of their examples in the training source.
  std::vector<std::pair<std::string, int64_t>> left_out_labels;
};

/// Reads every source that the configuration names, class folders on `threads` threads, and splits them.
/// @param space  for the texts; null: one with $TMPDIR.
/// @throws DataError with file and line; SpillError
DataSplits load_data(const DataConfig& data, const TaskConfig& task, int threads = 1,
                     std::shared_ptr<SpillSpace> space = nullptr);

/// Where a source is: below data.root, unless its path is absolute.
std::filesystem::path path_of(const DataConfig& data, const std::string& path);

/// Reads one more data set, whose paths start where the program does, with the labels of an existing run
/// (evaluate --data).
/// Without groups and parts, whatever `columns` say. @throws DataError
Dataset load_dataset(const SourceConfig& source, const ColumnsConfig& columns, const TaskConfig& task,
                     const Labels& labels);

/// Changes with any text, target, weight or their order.
std::string fingerprint(const Dataset& dataset);
/// That of the same examples without weights.
std::string unweighted_fingerprint(const Dataset& dataset);

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/run_config.h"

namespace bernoulli {

/// Examples in memory, in a defined order. N examples, L labels (1 for binary).
struct Dataset {
  std::vector<std::string> texts;    ///< N, raw bytes
  std::vector<float> targets;        ///< N*L, row-major, 0 or 1
  std::vector<float> weights;        ///< N, or empty: all 1
  std::vector<std::string> origins;  ///< N: "path" or "path:line", for messages and reports
  int64_t num_labels = 1;

  int64_t size() const { return static_cast<int64_t>(texts.size()); }
  /// Moves the examples at `indices`, in that order, into a data set of their own; theirs here are empty
  /// then.
  Dataset take(const std::vector<int64_t>& indices);
};

/// Label names in the order of the target columns. binary: {negative, positive}.
struct Labels {
  TaskConfig::Kind kind = TaskConfig::Kind::kBinary;
  std::vector<std::string> names;
  int64_t num_outputs() const {
    return kind == TaskConfig::Kind::kBinary ? 1 : static_cast<int64_t>(names.size());
  }
};

struct DataSplits {
  Labels labels;
  Dataset train;
  std::optional<Dataset> validation;
  std::optional<Dataset> test;
  std::string test_absent_reason;  ///< why test is absent, for the log
};

/// Reads every source that the configuration names, class folders on `threads` threads, and splits them.
/// @throws DataError with file and line.
DataSplits load_data(const DataConfig& data, const TaskConfig& task, int threads = 1);

/// Where a source is: below data.root, unless its path is absolute.
std::filesystem::path path_of(const DataConfig& data, const std::string& path);

/// Reads one more data set with the labels of an existing run (evaluate --data). @throws DataError
Dataset load_dataset(const std::filesystem::path& path, const std::string& format,
                     const ColumnsConfig& columns, const TaskConfig& task, const Labels& labels);

/// Changes with any text, target, weight or their order.
std::string fingerprint(const Dataset& dataset);

}  // namespace bernoulli

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/faults.h"
#include "config/kind_schema.h"
#include "config/run_config.h"

namespace bernoulli::config {

/// Settings that are valid one by one, and where a check tells that some of them contradict each other.
struct CheckedSettings {
  const Json& resolved;  ///< what `run` was bound from
  const RunConfig& run;
  const std::map<std::string, Place>& places;
  Faults& faults;
  std::set<std::string> unsound = faults.sections();  ///< those with faults from before the checks

  void fault(const std::string& path, const std::string& message) const;
  /// Whether all of these sections can be trusted.
  bool sound(const std::vector<const char*>& sections) const;
  bool is_binary() const { return run.task.kind == TaskConfig::Kind::kBinary; }
  /// @param what  one of the items is, such as "file"
  void each_once(const std::string& path, const std::vector<std::string>& items, const char* what) const;
};

/// The formats that a source may have, as far as its paths tell: a folder may have the ending of a file.
/// Without such an ending, auto takes folders only.
std::set<std::string> known_formats(const SourceConfig& source);
/// Those of all sources.
std::set<std::string> known_formats(const DataConfig& data);
/// Whether one of them has columns.
bool have_columns(const std::set<std::string>& formats);
/// "csv and tsv".
std::string in_words(const std::set<std::string>& formats);

// The checks, each in the file of its theme (data_checks.cpp, split_checks.cpp and so on). check_across knows
// which sections each of them reads.

void check_columns(const CheckedSettings& settings);
void check_paths(const CheckedSettings& settings);
void check_cache(const CheckedSettings& settings);

/// What data.columns.split and `method: column` say of each other.
void check_split_column(const CheckedSettings& settings);
/// Whether data.columns.group can do what it is for.
void check_group(const CheckedSettings& settings);
void check_splits(const CheckedSettings& settings);

void check_task(const CheckedSettings& settings);
void check_pos_weight(const CheckedSettings& settings);

void check_text(const CheckedSettings& settings);
void check_padding(const CheckedSettings& settings);
/// Layers name what their table starts from beside draws.
void check_start(const CheckedSettings& settings);
void check_last_layer(const CheckedSettings& settings);
void check_export(const CheckedSettings& settings);

void check_precision(const CheckedSettings& settings);
void check_optimizer(const CheckedSettings& settings);
void check_limits(const CheckedSettings& settings);
void check_schedule(const CheckedSettings& settings);
void check_training_without_validation(const CheckedSettings& settings);
void check_monitor(const CheckedSettings& settings);

void check_fitting_without_validation(const CheckedSettings& settings);
void check_threshold(const CheckedSettings& settings);
/// "needs validation data ..."
void needs_validation(const CheckedSettings& settings, const std::string& path);

}  // namespace bernoulli::config

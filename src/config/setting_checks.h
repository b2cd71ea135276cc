#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/faults.h"
#include "config/kind_schema.h"
#include "config/run_config.h"

namespace bernoulli::config {

/// Settings, and where a check tells that some of them contradict each other. In the place of a faulty one
/// stands another that its key takes (config/resolve.h), so a check first asks whether what it reads is
/// sound, but for values that mean nothing to it where they are the default.
struct CheckedSettings {
  const RunConfig& run;
  const std::map<std::string, Place>& places;
  Faults& faults;
  const Faults before = faults;  ///< those of settings one by one

  /// Tells nothing of a key that is faulty already.
  void fault(const std::string& path, const std::string& message) const;
  /// Whether the values of all of these keys, and of what is below them, are those that were written.
  bool sound(const std::vector<std::string>& keys) const;
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
// which keys each of them reads.

/// Whether keys of columns have a meaning for the formats of the sources.
void check_columns(const CheckedSettings& settings);
void check_text_columns(const CheckedSettings& settings);
/// Whether a column is read for two things of which one would tell the other, as the label in the text.
void check_column_uses(const CheckedSettings& settings);
void check_quote_and_delimiter(const CheckedSettings& settings);
void check_paths(const CheckedSettings& settings);
void check_cache(const CheckedSettings& settings);

/// What data.columns.split and `method: column` say of each other.
void check_split_column(const CheckedSettings& settings);
void check_words_of_parts(const CheckedSettings& settings);
/// Whether data.columns.group, or split, names a column of a source that has some.
void check_columns_of_training(const CheckedSettings& settings);
/// Whether data.columns.group can do what it is for.
void check_group(const CheckedSettings& settings);
void check_folds(const CheckedSettings& settings);
void check_fractions(const CheckedSettings& settings);
void check_keras(const CheckedSettings& settings);
void check_keras_source(const CheckedSettings& settings);
void check_keras_task(const CheckedSettings& settings);

void check_labels(const CheckedSettings& settings);
void check_positive(const CheckedSettings& settings);
/// The columns that the kind of task has.
void check_columns_of_task(const CheckedSettings& settings);
void check_sources_of_task(const CheckedSettings& settings);
void check_label_columns(const CheckedSettings& settings);
/// Numbers that stand for labels.
void check_pos_weight(const CheckedSettings& settings);
void check_fixed_threshold(const CheckedSettings& settings);

void check_steps(const CheckedSettings& settings);
void check_ngrams(const CheckedSettings& settings);
void check_vocabulary(const CheckedSettings& settings);
void check_padding(const CheckedSettings& settings);
/// Layers name what their table starts from beside draws.
void check_start(const CheckedSettings& settings);
void check_last_layer(const CheckedSettings& settings);
void check_buckets(const CheckedSettings& settings);
void check_max_changed(const CheckedSettings& settings);

void check_precision(const CheckedSettings& settings);
void check_engine(const CheckedSettings& settings);
void check_optimizer(const CheckedSettings& settings);
void check_limits(const CheckedSettings& settings);
void check_span(const CheckedSettings& settings);
void check_schedule(const CheckedSettings& settings);
void check_training_without_validation(const CheckedSettings& settings);
void check_monitor(const CheckedSettings& settings);

void check_fitting_without_validation(const CheckedSettings& settings);
void check_threshold(const CheckedSettings& settings);
/// "needs validation data ..."
void needs_validation(const CheckedSettings& settings, const std::string& path);

}  // namespace bernoulli::config

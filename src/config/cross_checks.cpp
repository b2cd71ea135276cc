#include "config/cross_checks.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/key_path.h"
#include "config/resolve.h"
#include "config/setting_checks.h"

namespace bernoulli::config {
namespace {

/// Whether a text of UTF-8 has a code point of U+0000 to U+001F or U+007F to U+009F, which move a cursor or
/// break a line.
bool has_control_character(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next <= 0x9f)) return true;
  }
  return false;
}

void check_name(const CheckedSettings& settings) {
  const std::string& name = settings.run.name;
  if (name.find('/') != std::string::npos || name.starts_with('.') || has_control_character(name)) {
    settings.fault("name", fmt::format("is {} (expected a folder name: no '/', no control character, and no "
                                       "'.' at the start)",
                                       quote(name)));
  }
}

void check_dtypes(const CheckedSettings& settings) {
  settings.each_once("stability.dtypes", settings.run.stability.dtypes, "format");
}

struct Check {
  std::vector<std::string> reads;  ///< keys that must be sound for it
  void (*check)(const CheckedSettings&);
};

std::vector<Check> data_checks() {
  const std::string validation = "data.validation.", test = "data.test.";
  const std::vector<std::string> sources{"data.train", validation + "path", validation + "format",
                                         test + "path", test + "format"};
  const std::vector<std::string> parts{"data.columns.split", validation + "from", validation + "method",
                                       test + "from", test + "method"};
  const std::vector<std::string> held_out{validation + "path", validation + "format", validation + "from",
                                          test + "path",       test + "format",       test + "from"};
  const std::vector<std::string> method{validation + "from", validation + "method"};
  const std::vector<std::string> labels{"task.kind", "task.labels", "data.columns.label_columns"};
  return {
      {sources, check_columns},
      {{"data.columns.text"}, check_text_columns},
      {{"data.columns", "data.train", validation + "path", validation + "format", test + "path",
        test + "format"},
       check_column_uses},
      {{"data.columns.quote", "data.columns.delimiter"}, check_quote_and_delimiter},
      {parts, check_split_column},
      {{}, check_words_of_parts},
      {{"data.train"}, check_columns_of_training},
      {held_out, check_group},
      {{}, check_paths},
      {{"data.cache.folder"}, check_cache},
      {{validation + "from", validation + "method", validation + "fraction", validation + "folds",
        validation + "fold"},
       check_folds},
      {{validation + "from", validation + "fraction", test + "from", test + "fraction"}, check_fractions},
      {method, check_keras},
      {{validation + "from", validation + "method", "data.train"}, check_keras_source},
      {{validation + "from", validation + "method", "task.kind"}, check_keras_task},
      {{}, check_labels},
      {{"task.kind", "task.labels"}, check_positive},
      {{"task.kind"}, check_columns_of_task},
      {{"task.kind", "data.train", validation + "path", validation + "format", test + "path",
        test + "format"},
       check_sources_of_task},
      {labels, check_label_columns},
      {labels, check_pos_weight},
      {labels, check_fixed_threshold},
  };
}

std::vector<Check> model_checks() {
  return {
      {{"text.standardize"}, check_steps},
      {{"text.ngrams"}, check_ngrams},
      {{"text.vocabulary.file", "text.hashing"}, check_vocabulary},
      {{"text.sequence_length"}, check_padding},
      {{"model.start_from"}, check_start},
      {{"model.layers", "loss.mode"}, check_last_layer},
      {{"text.hashing", "text.vocabulary"}, check_buckets},
      {{"export.weights", "export.buckets", "export.fold"}, check_max_changed},
  };
}

std::vector<Check> training_checks() {
  const std::vector<std::string> limits{"training.epochs", "training.max_steps", "training.max_seconds"};
  const std::vector<std::string> validation{"data.validation.path", "data.validation.from"};
  return {
      {{"loss.mode"}, check_precision},
      {{"training.engine"}, check_engine},
      {{}, check_optimizer},
      {limits, check_limits},
      {limits, check_span},
      {{"training.max_steps"}, check_schedule},
      {validation, check_training_without_validation},
      {validation, check_fitting_without_validation},
      {{"task.kind", "data.columns.weight"}, check_threshold},
      {{}, check_dtypes},
      {{"task.kind"}, check_monitor},
  };
}

/// Faults of one place are told in this order.
const std::vector<Check>& checks() {
  static const std::vector<Check> checks = [] {
    std::vector<Check> all{{{}, check_name}};
    for (const std::vector<Check>& some : {data_checks(), model_checks(), training_checks()})
      all.insert(all.end(), some.begin(), some.end());
    return all;
  }();
  return checks;
}

}  // namespace

void CheckedSettings::fault(const std::string& path, const std::string& message) const {
  if (!before.cover(path)) faults.add(place_of(places, path), path, message);
}

bool CheckedSettings::sound(const std::vector<std::string>& keys) const {
  return std::ranges::none_of(keys, [&](const std::string& key) { return before.touch(key); });
}

void CheckedSettings::each_once(const std::string& path, const std::vector<std::string>& items,
                                const char* what) const {
  for (size_t i = 0; i < items.size(); ++i) {
    const auto end = items.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(items.begin(), end, items[i]) != end)
      fault(item_path(path, i),
            fmt::format("{} stands in the list twice (each {} once)", quote(items[i]), what));
  }
}

void check_across(const CheckedSettings& settings) {
  for (const Check& check : checks()) {
    if (settings.sound(check.reads)) check.check(settings);
  }
}

}  // namespace bernoulli::config

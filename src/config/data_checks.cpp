#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/key_path.h"
#include "config/schema.h"
#include "config/setting_checks.h"
#include "core/parse_number.h"

namespace bernoulli::config {
namespace {

void check_column_number(const CheckedSettings& settings, const std::string& key, const std::string& column) {
  const std::optional<int64_t> number = parse_number<int64_t>(column);
  if (!number || *number < 1) {
    settings.fault("data.columns." + key,
                   fmt::format("is {}, but data.columns.header is false (expected a column number from 1)",
                               quote(column)));
  }
}

void check_column_numbers(const CheckedSettings& settings) {
  const ColumnsConfig& columns = settings.run.data.columns;
  for (size_t i = 0; i < columns.text.size(); ++i)
    check_column_number(settings, columns.text.size() == 1 ? "text" : fmt::format("text[{}]", i),
                        columns.text[i]);
  if (columns.label_columns.empty()) check_column_number(settings, "label", columns.label);
  for (size_t i = 0; i < columns.label_columns.size(); ++i)
    check_column_number(settings, fmt::format("label_columns[{}]", i), columns.label_columns[i]);
  if (!columns.weight.empty()) check_column_number(settings, "weight", columns.weight);
  if (columns.split) check_column_number(settings, "split.column", columns.split->column);
  if (!columns.group.empty()) check_column_number(settings, "group", columns.group);
}

/// Whether a path is taken for one of class folders because its name has no ending that says otherwise.
bool is_folder_by_name(const SourceConfig& source) {
  return source.format == "auto" && known_formats(source).contains("class_folders");
}

/// What to do about a key of columns that data without columns have.
std::string way_out(const DataConfig& data) {
  const bool by_name = is_folder_by_name(data.train) ||
                       (data.validation.source && is_folder_by_name(*data.validation.source)) ||
                       (data.test.source && is_folder_by_name(*data.test.source));
  return by_name ? "leave it out; a table whose name does not end in .csv, .tsv or .jsonl needs its format: "
                   "data.train={path: FILE, format: csv}"
                 : "leave it out";
}

}  // namespace

std::set<std::string> known_formats(const SourceConfig& source) {
  if (source.format != "auto") return {source.format};
  std::set<std::string> found;
  for (const std::string& path : source.paths) {
    const std::string by_name = format_by_name(path);
    if (by_name.empty() && path.find_first_of("*?[") != std::string::npos)
      found.merge(std::set<std::string>{"csv", "tsv", "jsonl", "fasttext"});  // whatever its files are
    else
      found.insert(by_name.empty() ? "class_folders" : by_name);
  }
  return found;
}

std::set<std::string> known_formats(const DataConfig& data) {
  std::set<std::string> found = known_formats(data.train);
  for (const HeldOutConfig* held_out : {&data.validation, &data.test}) {
    if (held_out->source) found.merge(known_formats(*held_out->source));
  }
  return found;
}

bool have_columns(const std::set<std::string>& formats) {
  return formats.contains("csv") || formats.contains("tsv") || formats.contains("jsonl");
}

std::string in_words(const std::set<std::string>& formats) {
  return join_words({formats.begin(), formats.end()}, "and");
}

void check_columns(const CheckedSettings& settings) {
  const ColumnsConfig& columns = settings.run.data.columns;
  const ColumnsConfig defaults;
  const std::set<std::string> used = known_formats(settings.run.data);
  const bool may_be_table = used.contains("csv") || used.contains("tsv");
  const bool may_have_columns = have_columns(used);
  const auto unused = [&](const char* key, bool changed, bool usable) {
    if (changed && !usable)
      settings.fault(fmt::format("data.columns.{}", key),
                     fmt::format("has no meaning for data in the format {} ({})", in_words(used),
                                 way_out(settings.run.data)));
  };
  if (!columns.header && may_be_table) check_column_numbers(settings);
  unused("text", columns.text != defaults.text, may_have_columns);
  unused("label", columns.label != defaults.label, may_have_columns);
  unused("label_columns", !columns.label_columns.empty(), may_have_columns);
  unused("weight", !columns.weight.empty(), may_have_columns);
  unused("label_separator", columns.label_separator != defaults.label_separator, may_have_columns);
  unused("header", columns.header != defaults.header, may_be_table);
  unused("quote", columns.quote != defaults.quote, may_be_table);
  unused("delimiter", !columns.delimiter.empty(), may_be_table);
}

void check_text_columns(const CheckedSettings& settings) {
  const ColumnsConfig& columns = settings.run.data.columns;
  settings.each_once("data.columns.text", columns.text, "column");
  if (columns.text.size() == 1 && columns.text_separator != ColumnsConfig().text_separator)
    settings.fault("data.columns.text_separator",
                   "stands between several columns of text, but data.columns.text is one (leave it out)");
}

namespace {

/// What one column is read for.
struct ColumnUse {
  std::string key;  ///< that names it
  std::string column;
  std::string path;  ///< of the very item
};

std::vector<ColumnUse> column_uses(const ColumnsConfig& columns) {
  std::vector<ColumnUse> uses;
  const auto add = [&](const std::string& key, const std::string& column) {
    uses.push_back({"data.columns." + key, column, "data.columns." + key});
  };
  const auto add_items = [&](const std::string& key, const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      add(key, names[i]);
      if (names.size() > 1) uses.back().path = item_path(uses.back().key, i);
    }
  };
  add_items("text", columns.text);
  if (columns.label_columns.empty()) add("label", columns.label);
  add_items("label_columns", columns.label_columns);
  if (!columns.weight.empty()) add("weight", columns.weight);
  if (columns.split) add("split", columns.split->column);
  if (!columns.group.empty()) add("group", columns.group);
  return uses;
}

/// Texts that are the same stay together under `group: text`, and examples of one weight or part may; those
/// of one label leave nothing to tell apart.
bool may_share(const ColumnUse& first, const ColumnUse& second) {
  const bool is_label = first.key.starts_with("data.columns.label");
  return first.key == second.key || (second.key == "data.columns.group" && !is_label);
}

/// Whether a written key names it, and no default.
bool is_written(const CheckedSettings& settings, const ColumnUse& use) {
  const auto place = settings.places.find(use.key);
  return place != settings.places.end() && place->second.text() != kDefaultSource;
}

}  // namespace

void check_column_uses(const CheckedSettings& settings) {
  const ColumnsConfig& columns = settings.run.data.columns;
  if (!have_columns(known_formats(settings.run.data))) return;
  const auto is_same = [&](const std::string& a, const std::string& b) {
    const std::optional<int64_t> number = parse_number<int64_t>(a);
    return a == b || (!columns.header && number && number == parse_number<int64_t>(b));
  };
  const std::vector<ColumnUse> uses = column_uses(columns);
  for (auto second = uses.begin(); second != uses.end(); ++second) {
    const auto first = std::find_if(uses.begin(), second, [&](const ColumnUse& use) {
      return is_same(use.column, second->column) && !may_share(use, *second);
    });
    if (first == second) continue;
    const bool at_second = is_written(settings, *second);
    const auto& [at, other] = at_second ? std::pair(*second, *first) : std::pair(*first, *second);
    settings.fault(
        at.path, fmt::format("is {}, and so is {} (expected another column)", quote(at.column), other.path));
  }
}

void check_quote_and_delimiter(const CheckedSettings& settings) {
  const ColumnsConfig& columns = settings.run.data.columns;
  if (!columns.quote.empty() && columns.quote == columns.delimiter)
    settings.fault("data.columns.quote", "is the delimiter too (expected two different characters)");
  for (const auto& [key, value] :
       {std::pair("quote", columns.quote), std::pair("delimiter", columns.delimiter)}) {
    if (value == "\n" || value == "\r")
      settings.fault(fmt::format("data.columns.{}", key),
                     "is a line break, which ends a row already (expected another character)");
  }
}

namespace {

/// A share where a path stands, as Keras' validation_split is written.
void check_share(const CheckedSettings& settings, const std::string& key, const HeldOutConfig& held_out) {
  if (!held_out.source || held_out.source->paths.size() != 1) return;
  const std::string& path = held_out.source->paths.front();
  const std::optional<double> share = parse_number<double>(path);
  if (!share || *share <= 0 || *share >= 1) return;
  settings.fault(
      key + ".path",
      fmt::format("is {}, a share and no path (expected {}: {{from: train, fraction: {}}}; a file that is "
                  "called so is ./{})",
                  quote(path), key, path, path));
}

}  // namespace

void check_paths(const CheckedSettings& settings) {
  const DataConfig& data = settings.run.data;
  check_share(settings, "data.validation", data.validation);
  check_share(settings, "data.test", data.test);
  settings.each_once("data.train.path", data.train.paths, "file");
  if (data.validation.source)
    settings.each_once("data.validation.path", data.validation.source->paths, "file");
  if (data.test.source) settings.each_once("data.test.path", data.test.source->paths, "file");
}

void check_cache(const CheckedSettings& settings) {
  const CacheConfig& cache = settings.run.data.cache;
  if (cache.folder != "off") return;
  const CacheConfig defaults;
  const char* no_meaning = "has no meaning where data.cache.folder is off (leave it out)";
  if (cache.check_contents) settings.fault("data.cache.check", no_meaning);
  if (cache.limit_gib != defaults.limit_gib) settings.fault("data.cache.limit_gib", no_meaning);
}

}  // namespace bernoulli::config

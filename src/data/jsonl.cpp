#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/ascii.h"
#include "core/error.h"
#include "core/json_fault.h"
#include "core/name_list.h"
#include "data/column_names.h"
#include "data/data_file.h"
#include "data/flags.h"
#include "data/json_lines.h"
#include "data/read_source.h"
#include "data/split_column.h"
#include "data/text_columns.h"

namespace bernoulli {
namespace {

using Value = nlohmann::json;

/// Numbers and booleans are taken as they are written: 1, 0.5, true.
std::optional<std::string> as_word(const Value& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

std::string read_labels(const Value& row, const ColumnsConfig& columns, const TaskConfig& task,
                        std::vector<std::string>& labels) {
  const TaskConfig::Kind kind = task.kind;
  if (!columns.label_columns.empty()) {
    for (size_t i = 0; i < columns.label_columns.size(); ++i) {
      const std::string& column = columns.label_columns[i];
      const auto cell = row.find(column);
      if (cell == row.end()) return fmt::format("no '{}' (a label column)", column);
      const std::optional<bool> given = flag_value(without_outer_space(as_word(*cell).value_or("")));
      if (!given)
        return fmt::format("'{}' is {} (expected 0 or 1, false or true)", column, shown_json(*cell));
      if (*given) labels.push_back(task.labels[i]);
    }
    return "";
  }
  const auto label = row.find(columns.label);
  if (label == row.end()) return fmt::format("no '{}' (data.columns.label)", columns.label);
  if (label->is_array() && kind == TaskConfig::Kind::kMultiLabel) {
    for (const Value& item : *label) {
      const std::optional<std::string> word = as_word(item);
      if (!word || without_outer_space(*word).empty())
        return fmt::format("'{}' holds {} (expected label names)", columns.label, shown_json(item));
      labels.push_back(*word);
    }
    return "";
  }
  const std::optional<std::string> word = as_word(*label);
  if (!word)
    return fmt::format("'{}' is {} (expected {})", columns.label, shown_json(*label),
                       kind == TaskConfig::Kind::kBinary ? "one label" : "a list of labels");
  labels = kind == TaskConfig::Kind::kBinary ? std::vector<std::string>{*word}
                                             : split_labels(*word, columns.label_separator);
  return "";
}

/// The text of a row, which may come of several keys; the answer is what is wrong, or empty.
std::string read_text(const Value& row, const ColumnsConfig& columns, std::string& joined) {
  for (const std::string& key : columns.text) {
    const auto text = row.find(key);
    if (text == row.end()) return fmt::format("no '{}' (data.columns.text)", key);
    if (!text->is_string()) return fmt::format("'{}' is not a string", key);
    join_text(joined, text->get_ref<const std::string&>(), columns.text_separator);
  }
  return "";
}

std::string read_part(const Value& row, const SplitColumnConfig& split, std::optional<Part>& part) {
  const auto cell = row.find(split.column);
  if (cell == row.end()) return fmt::format("no '{}' (data.columns.split)", split.column);
  part = part_of(split, as_word(*cell).value_or(""));
  return part ? "" : unknown_part(split, shown_json(*cell));
}

/// What is wrong with the group of a row, or empty.
std::string read_group(const Value& row, const ColumnsConfig& columns, std::optional<std::string>& group) {
  const auto cell = row.find(columns.group);
  if (cell == row.end()) return fmt::format("no '{}' (data.columns.group)", columns.group);
  group = as_word(*cell);
  if (!group)
    return fmt::format("'{}' is {} (expected a group: a string, a number, true or false)", columns.group,
                       shown_json(*cell));
  return group->empty() ? fault_of_empty_group(columns) : "";
}

/// The values of the columns of --by, "" where there is none; the answer is what is wrong, or empty.
std::string read_slices(const Value& row, const ColumnsConfig& columns, std::vector<std::string>& values) {
  for (const std::string& column : columns.slices) {
    const auto cell = row.find(column);
    const bool has_value = cell != row.end() && !cell->is_null();
    const std::optional<std::string> word = has_value ? as_word(*cell) : std::string();
    if (!word)
      return fmt::format("'{}' is {} (--by takes a string, a number, true or false)", column,
                         shown_json(*cell));
    values.push_back(*word);
  }
  return "";
}

/// Adds an example; the answer is what is wrong with the row, or empty.
std::string read_row(const Value& row, const ColumnsConfig& columns, const TaskConfig& task,
                     std::string_view origin, RawExamples& examples) {
  std::string text;
  if (std::string fault = read_text(row, columns, text); !fault.empty()) return fault;
  std::optional<Part> part;
  if (columns.split) {
    if (std::string fault = read_part(row, *columns.split, part); !fault.empty()) return fault;
  }
  std::optional<std::string> group;
  if (!columns.group.empty()) {
    if (std::string fault = read_group(row, columns, group); !fault.empty()) return fault;
  }
  std::optional<std::string> weight;
  if (!columns.weight.empty()) {
    const auto cell = row.find(columns.weight);
    if (cell == row.end()) return fmt::format("no '{}' (data.columns.weight)", columns.weight);
    weight = as_word(*cell).value_or("");
  }
  std::vector<std::string> slices, labels;
  if (std::string fault = read_slices(row, columns, slices); !fault.empty()) return fault;
  if (std::string fault = read_labels(row, columns, task, labels); !fault.empty()) return fault;
  examples.add(text, labels, weight, origin, part, group);
  examples.add_slices(std::vector<std::string_view>(slices.begin(), slices.end()));
  return "";
}

/// The first object of a file tells what its rows have, as a header does.
/// @throws DataError for a key in use that it lacks, with those that it has
void check_first(const Value& row, const ColumnsConfig& columns, std::string_view origin) {
  std::vector<std::string> keys;
  for (const auto& item : row.items()) keys.push_back(item.key());
  const auto require = [&](const std::string& key, const std::string& named_by) {
    if (key.empty() || row.contains(key)) return;
    throw DataError(fmt::format("{}: no '{}' ({}); the object {}{}", origin, key, named_by,
                                keys.empty() ? "is empty" : "has: " + item_list(keys),
                                remedy_of_missing_column(named_by, columns, keys)));
  };
  for (const std::string& key : columns.text) require(key, "data.columns.text");
  if (columns.split) require(columns.split->column, "data.columns.split");
  require(columns.group, "data.columns.group");
  for (const std::string& key : columns.slices) require(key, "--by");
  require(columns.weight, "data.columns.weight");
  if (columns.label_columns.empty()) require(columns.label, "data.columns.label");
  for (const std::string& key : columns.label_columns) require(key, "data.columns.label_columns");
}

}  // namespace

RawExamples read_jsonl(const std::filesystem::path& file, const ColumnsConfig& columns,
                       const TaskConfig& task, std::shared_ptr<TextStore> store) {
  RawExamples examples(std::move(store));
  const DataFile source(file, examples.store()->space());
  bool first = true;
  each_json_line(source.bytes(), file, [&](const Value& row, const std::string& origin) {
    if (std::exchange(first, false)) check_first(row, columns, origin);
    return read_row(row, columns, task, origin, examples);
  });
  return examples;
}

}  // namespace bernoulli

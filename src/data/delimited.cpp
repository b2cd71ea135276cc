#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/error.h"
#include "core/stop.h"
#include "data/column_names.h"
#include "data/data_file.h"
#include "data/flags.h"
#include "data/read_source.h"
#include "data/split_column.h"
#include "data/table.h"
#include "data/text_columns.h"

namespace bernoulli {
namespace {

constexpr size_t kAbsent = SIZE_MAX;

/// The names of the header, whose row is read here where there is one.
TableColumns read_header(RowReader& reader, const std::string& name, bool header) {
  if (!header) return {name, nullptr};
  if (reader.next() != RowReader::Step::kRow)
    throw DataError(fmt::format("'{}' is empty (expected a header row)", name));
  return {name, &reader.row()};
}

/// Makes examples of rows, and notes what is wrong with those that hold none.
class RowExamples {
 public:
  /// @throws DataError for a column that is not there
  RowExamples(const std::string& name, const TableColumns& finder, const ColumnsConfig& columns,
              const TaskConfig& task, RawExamples& examples)
      : name_(name), columns_(columns), task_(task), width_(finder.size()), examples_(examples) {
    const auto find = [&](const std::string& key, const std::string& column) {
      return finder.find(key, column, remedy_of_missing(key, finder));
    };
    for (const std::string& column : columns.text) text_.push_back(find("data.columns.text", column));
    if (columns.split) split_ = find("data.columns.split", columns.split->column);
    if (!columns.weight.empty()) weight_ = find("data.columns.weight", columns.weight);
    if (!columns.group.empty()) group_ = find("data.columns.group", columns.group);
    for (const std::string& column : columns.slices) slices_.push_back(find("--by", column));
    if (columns.label_columns.empty()) label_ = find("data.columns.label", columns.label);
    for (const std::string& column : columns.label_columns)
      label_columns_.push_back(find("data.columns.label_columns", column));
    for (const size_t place : text_) use(place, "text");
    for (const auto& [place, what] : {std::pair(weight_, "weight"), std::pair(label_, "label"),
                                      std::pair(split_, "split"), std::pair(group_, "group")}) {
      if (place != kAbsent) use(place, what);
    }
    for (const size_t place : label_columns_) use(place, "label");
    for (const size_t place : slices_) use(place, "slice");
  }

  void add(const TableRow& row) {
    if (width_.is_no_row(row)) return;
    const std::string origin = fmt::format("{}:{}", name_, row.line);
    if (const std::string missing = missing_field(row); !missing.empty()) {
      faults_.add(origin, missing);
      return;
    }
    std::optional<Part> part;
    if (split_ != kAbsent && !(part = part_of(*columns_.split, row.cells[split_]))) {
      faults_.add(origin, unknown_part(*columns_.split, fmt::format("'{}'", row.cells[split_])));
      return;
    }
    const std::optional<std::string_view> group = cell(row, group_);
    if (group && group->empty()) {
      faults_.add(origin, fault_of_empty_group(columns_));
      return;
    }
    labels_.clear();
    if (label_ != kAbsent) {
      read_label(row.cells[label_]);
    } else {
      read_flags(row, origin);
    }
    examples_.add(text_of(row), labels_, cell(row, weight_), origin, part, group);
    values_.clear();
    for (const size_t place : slices_) values_.push_back(row.cells[place]);
    examples_.add_slices(values_);
  }

  void throw_if_any_fault() const { faults_.throw_if_any(); }

 private:
  struct Use {
    size_t place;
    const char* what;
  };
  void use(size_t place, const char* what) {
    used_.push_back({place, what});
    furthest_ = std::max(furthest_, place);
  }

  std::string remedy_of_missing(const std::string& key, const TableColumns& finder) const {
    if (!columns_.header) return "";
    const std::string delimiter = finder.other_delimiter();
    return !delimiter.empty() ? delimiter
                              : remedy_of_missing_column(key, columns_, finder.names()) +
                                    remedy_of_missing_header(columns_, finder.names());
  }

  /// Of the cells that no example can do without; empty where all are there.
  std::string missing_field(const TableRow& row) {
    if (!width_.is_known()) {
      for (const auto& [place, what] : used_) {
        if (place >= row.cells.size()) return fmt::format("no field {} for the {}", place + 1, what);
      }
    }
    return width_.fault(row, furthest_);
  }

  static std::optional<std::string_view> cell(const TableRow& row, size_t column) {
    return column == kAbsent ? std::nullopt : std::optional(row.cells[column]);
  }

  std::string_view text_of(const TableRow& row) {
    if (text_.size() == 1) return row.cells[text_.front()];
    joined_.clear();
    for (const size_t column : text_) join_text(joined_, row.cells[column], columns_.text_separator);
    return joined_;
  }

  void read_label(std::string_view cell) {
    if (task_.kind == TaskConfig::Kind::kBinary) {
      labels_.emplace_back(cell);
    } else {
      labels_ = split_labels(cell, columns_.label_separator);
    }
  }

  void read_flags(const TableRow& row, const std::string& origin) {
    for (size_t i = 0; i < label_columns_.size(); ++i) {
      const std::string_view cell = row.cells[label_columns_[i]];
      const std::optional<bool> given = flag_value(without_outer_space(cell));
      if (!given)
        faults_.add(origin, fmt::format("column '{}' holds '{}' (expected 0 or 1, false or true)",
                                        columns_.label_columns[i], cell));
      if (given.value_or(false)) labels_.push_back(task_.labels[i]);
    }
  }

  const std::string& name_;
  const ColumnsConfig& columns_;
  const TaskConfig& task_;
  std::vector<size_t> text_;
  std::string joined_;  ///< of several columns
  size_t split_ = kAbsent;
  size_t weight_ = kAbsent;
  size_t group_ = kAbsent;
  size_t label_ = kAbsent;
  std::vector<size_t> label_columns_;  ///< instead of label_
  std::vector<size_t> slices_;
  std::vector<std::string_view> values_;  ///< of these, in one row
  std::vector<Use> used_;                 ///< all of them
  size_t furthest_ = 0;
  RowWidth width_;
  std::vector<std::string> labels_;
  DataFaults faults_;
  RawExamples& examples_;
};

}  // namespace

RawExamples read_delimited(const std::filesystem::path& file, const ColumnsConfig& columns,
                           const TaskConfig& task, char delimiter, std::shared_ptr<TextStore> store) {
  RawExamples examples(std::move(store));
  const DataFile source(file, examples.store()->space());
  const std::string name = file.string();
  refuse_separator_line(source.bytes(), name);
  RowReader reader(name, table_format(columns, delimiter), "set data.columns.quote: \"\"");
  reader.feed(source.bytes(), true);
  const TableColumns finder = read_header(reader, name, columns.header);
  RowExamples rows(name, finder, columns, task, examples);
  while (reader.next() == RowReader::Step::kRow) {
    throw_if_stopped();
    rows.add(reader.row());
  }
  rows.throw_if_any_fault();
  return examples;
}

}  // namespace bernoulli

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "core/error.h"
#include "core/parse_number.h"
#include "core/stop.h"
#include "data/raw_example.h"

namespace bernoulli {
namespace {

struct Row {
  std::vector<std::string_view> cells;  ///< of the file's bytes, or of `unquoted`
  std::deque<std::string> unquoted;     ///< cells whose doubled quotes were made single
  int64_t line = 0;                     ///< where it starts
};

/// Cuts a file into rows: a state machine for RFC 4180. Any of LF, CRLF and CR at the end of a row.
class RowReader {
 public:
  RowReader(std::string_view content, const std::string& name, char delimiter, char quote)
      : content_(content), name_(name), delimiter_(delimiter), quote_(quote) {}

  /// False at the end. @throws DataError for a quote that is not closed or followed by text.
  bool next(Row& row) {
    if (position_ >= content_.size()) return false;
    row.cells.clear();
    row.unquoted.clear();
    row.line = line_;
    while (true) {
      row.cells.push_back(quote_ != '\0' && position_ < content_.size() && content_[position_] == quote_
                              ? quoted_cell(row)
                              : plain_cell());
      if (position_ < content_.size() && content_[position_] == delimiter_) {
        ++position_;
        continue;
      }
      end_line();
      return true;
    }
  }

 private:
  bool at_row_end() const {
    return position_ >= content_.size() || content_[position_] == '\n' || content_[position_] == '\r';
  }

  void end_line() {
    if (position_ >= content_.size()) return;
    if (content_[position_] == '\r' && position_ + 1 < content_.size() && content_[position_ + 1] == '\n')
      ++position_;
    ++position_;
    ++line_;
  }

  std::string_view plain_cell() {
    const size_t begin = position_;
    while (!at_row_end() && content_[position_] != delimiter_) ++position_;
    return content_.substr(begin, position_ - begin);
  }

  std::string_view quoted_cell(Row& row) {
    const size_t begin = ++position_;
    size_t doubled = 0;
    for (; position_ < content_.size(); ++position_) {
      const char c = content_[position_];
      if (c == '\n') ++line_;
      if (c != quote_) continue;
      if (position_ + 1 < content_.size() && content_[position_ + 1] == quote_) {
        ++doubled;
        ++position_;
        continue;
      }
      const std::string_view cell = content_.substr(begin, position_ - begin);
      ++position_;
      if (!at_row_end() && content_[position_] != delimiter_) {
        throw DataError(
            fmt::format("{}:{}: text after a closing quote (double a quote inside a quoted field, or set "
                        "data.columns.quote: \"\")",
                        name_, line_));
      }
      return doubled == 0 ? cell : without_doubled(cell, cell.size() - doubled, row);
    }
    throw DataError(
        fmt::format("{}:{}: a quote opens in this row and never closes (or set data.columns.quote: \"\" "
                    "where quotes are ordinary)",
                    name_, row.line));
  }

  std::string_view without_doubled(std::string_view cell, size_t size, Row& row) const {
    std::string& unquoted = row.unquoted.emplace_back();
    unquoted.reserve(size);
    for (size_t i = 0; i < cell.size(); ++i) {
      unquoted.push_back(cell[i]);
      if (cell[i] == quote_) ++i;
    }
    return unquoted;
  }

  std::string_view content_;
  std::string name_;
  char delimiter_;
  char quote_;
  size_t position_ = 0;
  int64_t line_ = 1;
};

constexpr size_t kAbsent = SIZE_MAX;

/// Finds columns by name or 1-based number.
class Columns {
 public:
  Columns(const Row* header, const std::string& name) : header_(header), name_(name) {}

  size_t find(const std::string& key, const std::string& column) const {
    if (header_ != nullptr) {
      const auto found = std::find(header_->cells.begin(), header_->cells.end(), column);
      if (found != header_->cells.end() &&
          std::find(found + 1, header_->cells.end(), column) != header_->cells.end())
        throw DataError(
            fmt::format("{}:1: the header has '{}' (data.columns.{}) more than once", name_, column, key));
      if (found != header_->cells.end()) return static_cast<size_t>(found - header_->cells.begin());
      std::string existing;
      for (const std::string_view cell : header_->cells)
        existing.append(existing.empty() ? "" : ", ").append(cell);
      throw DataError(fmt::format("{}:1: no column '{}' for data.columns.{} (the header has: {})", name_,
                                  column, key, existing));
    }
    const std::optional<size_t> number = parse_number<size_t>(column);
    if (!number || *number == 0) {
      throw DataError(fmt::format(
          "data.columns.{}: '{}' is not a column number (without a header, columns are 1, 2, ...)", key,
          column));
    }
    return *number - 1;
  }

 private:
  const Row* header_;
  std::string name_;
};

}  // namespace

RawExamples read_delimited(const std::filesystem::path& file, const ColumnsConfig& columns,
                           TaskConfig::Kind kind, char delimiter, std::shared_ptr<TextStore> store) {
  RawExamples examples(std::move(store));
  const DataFile source(file, examples.store()->space());
  const std::string name = file.string();
  RowReader reader(source.bytes(), name, columns.delimiter.empty() ? delimiter : columns.delimiter[0],
                   columns.quote.empty() ? '\0' : columns.quote[0]);
  Row header;
  if (columns.header && !reader.next(header))
    throw DataError(fmt::format("'{}' is empty (expected a header row)", name));
  const Columns finder(columns.header ? &header : nullptr, name);
  const size_t text = finder.find("text", columns.text);
  const size_t weight = columns.weight.empty() ? kAbsent : finder.find("weight", columns.weight);
  const size_t label = columns.label_columns.empty() ? finder.find("label", columns.label) : kAbsent;
  std::vector<size_t> label_columns;
  for (const std::string& column : columns.label_columns)
    label_columns.push_back(finder.find("label_columns", column));

  DataFaults faults;
  std::vector<std::string> labels;
  size_t width = header.cells.size();
  for (Row row; reader.next(row);) {
    throw_if_stopped();
    const std::string origin = fmt::format("{}:{}", name, row.line);
    if (row.cells.size() == 1 && row.cells[0].empty() && width != 1) continue;  // a blank line
    if (width == 0) width = row.cells.size();
    if (row.cells.size() != width || text >= width) {
      faults.add(origin, fmt::format("{} fields (expected {})", row.cells.size(), std::max(width, text + 1)));
      continue;
    }
    std::optional<std::string_view> heft;
    if (weight != kAbsent) {
      if (weight >= width) {
        faults.add(origin, fmt::format("no field {} for the weight", weight + 1));
        continue;
      }
      heft = row.cells[weight];
    }
    labels.clear();
    if (label != kAbsent) {
      if (label >= width) {
        faults.add(origin, fmt::format("no field {} for the label", label + 1));
        continue;
      }
      if (kind == TaskConfig::Kind::kBinary) {
        labels.emplace_back(row.cells[label]);
      } else {
        labels = split_labels(row.cells[label], columns.label_separator);
      }
    }
    for (size_t i = 0; i < label_columns.size(); ++i) {
      const std::string_view cell = label_columns[i] < width ? row.cells[label_columns[i]] : "";
      if (cell == "1") {
        labels.push_back(columns.label_columns[i]);
      } else if (cell != "0") {
        faults.add(origin,
                   fmt::format("column '{}' holds '{}' (expected 0 or 1)", columns.label_columns[i], cell));
      }
    }
    examples.add(row.cells[text], labels, heft, origin);
  }
  faults.throw_if_any();
  return examples;
}

}  // namespace bernoulli

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/error.h"
#include "core/stop.h"
#include "data/raw_example.h"

namespace bernoulli {
namespace {

struct Row {
  std::vector<std::string> cells;
  int64_t line = 0;  ///< where it starts
};

/// Cuts a file into rows: a state machine for RFC 4180. Any of LF, CRLF and CR at the end of a row.
class RowReader {
 public:
  RowReader(const std::string& content, const std::string& name, char delimiter, char quote)
      : content_(content), name_(name), delimiter_(delimiter), quote_(quote) {}

  /// False at the end. @throws DataError for a quote that is not closed or followed by text.
  bool next(Row& row) {
    if (position_ >= content_.size()) return false;
    row.cells.clear();
    row.line = line_;
    while (true) {
      row.cells.push_back(quote_ != '\0' && position_ < content_.size() && content_[position_] == quote_
                              ? quoted_cell(row.line)
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

  std::string plain_cell() {
    const size_t begin = position_;
    while (!at_row_end() && content_[position_] != delimiter_) ++position_;
    return content_.substr(begin, position_ - begin);
  }

  std::string quoted_cell(int64_t row_line) {
    std::string cell;
    for (++position_; position_ < content_.size(); ++position_) {
      const char c = content_[position_];
      if (c == '\n') ++line_;
      if (c != quote_) {
        cell.push_back(c);
      } else if (position_ + 1 < content_.size() && content_[position_ + 1] == quote_) {
        cell.push_back(c);
        ++position_;
      } else {
        ++position_;
        if (!at_row_end() && content_[position_] != delimiter_) {
          throw DataError(
              fmt::format("{}:{}: text after a closing quote (double a quote inside a quoted field, or set "
                          "data.columns.quote: \"\")",
                          name_, line_));
        }
        return cell;
      }
    }
    throw DataError(
        fmt::format("{}:{}: a quote opens in this row and never closes (or set data.columns.quote: \"\" "
                    "where quotes are ordinary)",
                    name_, row_line));
  }

  const std::string& content_;
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
      if (found != header_->cells.end()) return static_cast<size_t>(found - header_->cells.begin());
      std::string existing;
      for (const std::string& cell : header_->cells) existing += (existing.empty() ? "" : ", ") + cell;
      throw DataError(fmt::format("{}:1: no column '{}' for data.columns.{} (the header has: {})", name_,
                                  column, key, existing));
    }
    size_t number = 0;
    const auto [end, error] = std::from_chars(column.data(), column.data() + column.size(), number);
    if (error != std::errc() || end != column.data() + column.size() || number == 0) {
      throw DataError(fmt::format(
          "data.columns.{}: '{}' is not a column number (without a header, columns are 1, 2, ...)", key,
          column));
    }
    return number - 1;
  }

 private:
  const Row* header_;
  std::string name_;
};

}  // namespace

std::vector<RawExample> read_delimited(const std::filesystem::path& file, const ColumnsConfig& columns,
                                       TaskConfig::Kind kind, char delimiter) {
  const std::string content = read_data_file(file);
  const std::string name = file.string();
  RowReader reader(content, name, columns.delimiter.empty() ? delimiter : columns.delimiter[0],
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

  std::vector<RawExample> examples;
  DataFaults faults;
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
    RawExample example;
    example.origin = origin;
    example.text = std::move(row.cells[text]);
    if (weight != kAbsent) {
      if (weight >= width) {
        faults.add(origin, fmt::format("no field {} for the weight", weight + 1));
        continue;
      }
      example.weight = row.cells[weight];
    }
    if (label != kAbsent) {
      if (label >= width) {
        faults.add(origin, fmt::format("no field {} for the label", label + 1));
        continue;
      }
      example.labels = kind == TaskConfig::Kind::kBinary
                           ? std::vector<std::string>{row.cells[label]}
                           : split_labels(row.cells[label], columns.label_separator);
    }
    for (size_t i = 0; i < label_columns.size(); ++i) {
      const std::string& cell = label_columns[i] < width ? row.cells[label_columns[i]] : "";
      if (cell == "1") {
        example.labels.push_back(columns.label_columns[i]);
      } else if (cell != "0") {
        faults.add(origin,
                   fmt::format("column '{}' holds '{}' (expected 0 or 1)", columns.label_columns[i], cell));
      }
    }
    examples.push_back(std::move(example));
  }
  faults.throw_if_any();
  return examples;
}

}  // namespace bernoulli

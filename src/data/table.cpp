#include "data/table.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/error.h"
#include "core/name_list.h"
#include "core/parse_number.h"

namespace bernoulli {

TableFormat table_format(const ColumnsConfig& columns, char delimiter) {
  return {columns.delimiter.empty() ? delimiter : columns.delimiter[0],
          columns.quote.empty() ? '\0' : columns.quote[0]};
}

void refuse_separator_line(std::string_view content, const std::string& name) {
  std::string_view line = content.substr(0, content.find_first_of("\r\n"));
  if (line.size() >= 2 && line.starts_with('"') && line.ends_with('"'))
    line = line.substr(1, line.size() - 2);
  if (line.size() != 5 || lower_case(line.substr(0, 4)) != "sep=") return;
  const std::string delimiter = line[4] == '\t' ? "\\t" : std::string(1, line[4]);
  throw DataError(
      fmt::format("{}:1: 'sep={}' is a line for Excel, not a row (expected the header or the first row): "
                  "remove it; what is left is read with data.columns.delimiter: \"{}\"",
                  name, delimiter, delimiter));
}

RowReader::RowReader(std::string name, TableFormat format, std::string ordinary_quotes)
    : name_(std::move(name)), format_(format), ordinary_quotes_(std::move(ordinary_quotes)) {}

void RowReader::feed(std::string_view content, bool last) {
  content_ = content;
  last_ = last;
  position_ -= begin_;
  begin_ = 0;
}

RowReader::Step RowReader::next() {
  if (state_ == State::kRowStart) {
    if (after_cr_ && position_ < content_.size()) {
      if (content_[position_] == '\n') ++position_;
      after_cr_ = false;
    }
    begin_ = position_;
    if (position_ == content_.size()) return last_ ? Step::kEnd : Step::kMore;
    cells_.clear();
    row_.line = line_;
    state_ = State::kCellStart;
  }
  while (state_ != State::kRowStart) {
    if (!advance()) return Step::kMore;
  }
  close_row();
  return Step::kRow;
}

/// One step of the state machine, as its members are; false where it wants more bytes.
bool RowReader::advance() {
  switch (state_) {
    case State::kCellStart:
      return start_cell();
    case State::kPlain:
      return scan_plain();
    case State::kQuoted:
      return scan_quoted();
    default:
      return end_cell();
  }
}

bool RowReader::start_cell() {
  if (position_ == content_.size() && !last_) return false;
  const bool quoted =
      format_.quote != '\0' && position_ < content_.size() && content_[position_] == format_.quote;
  if (quoted) ++position_;
  cell_ = {position_ - begin_, 0, 0};
  state_ = quoted ? State::kQuoted : State::kPlain;
  return true;
}

bool RowReader::scan_plain() {
  const std::string_view content = content_;
  const char delimiter = format_.delimiter;
  size_t at = position_;
  while (at < content.size() && content[at] != '\n' && content[at] != '\r' && content[at] != delimiter) ++at;
  position_ = at;
  if (at == content.size() && !last_) return false;
  cell_.size = at - begin_ - cell_.begin;
  cells_.push_back(cell_);
  state_ = State::kCellEnd;
  return true;
}

bool RowReader::scan_quoted() {
  const std::string_view content = content_;
  const char quote = format_.quote;
  for (size_t at = position_; at < content.size(); ++at) {
    if (content[at] == '\n') ++line_;
    if (content[at] != quote) continue;
    if (at + 1 == content.size() && !last_) {
      position_ = at;
      return false;
    }
    if (at + 1 == content.size() || content[at + 1] != quote) return end_quoted(at);
    ++cell_.doubled;
    ++at;
  }
  position_ = content.size();
  if (!last_) return false;
  throw DataError(
      fmt::format("{}:{}: a quote opens in this row and never closes (or {} where quotes are "
                  "ordinary)",
                  name_, row_.line, ordinary_quotes_));
}

bool RowReader::end_quoted(size_t end) {
  position_ = end + 1;
  const bool ends = position_ == content_.size() || content_[position_] == '\n' ||
                    content_[position_] == '\r' || content_[position_] == format_.delimiter;
  if (!ends) {
    throw DataError(
        fmt::format("{}:{}: text after a closing quote (double a quote inside a quoted field, or {})", name_,
                    line_, ordinary_quotes_));
  }
  cell_.size = end - begin_ - cell_.begin;
  cells_.push_back(cell_);
  state_ = State::kCellEnd;
  return true;
}

bool RowReader::end_cell() {
  if (position_ < content_.size() && content_[position_] == format_.delimiter) {
    ++position_;
    state_ = State::kCellStart;
    return true;
  }
  if (position_ < content_.size()) {
    after_cr_ = content_[position_] == '\r';
    ++position_;
    ++line_;
  }
  state_ = State::kRowStart;
  return true;
}

void RowReader::close_row() {
  row_.cells.clear();
  unquoted_.clear();
  for (const Cell& cell : cells_) {
    const std::string_view bytes = content_.substr(begin_ + cell.begin, cell.size);
    row_.cells.push_back(cell.doubled == 0 ? bytes : without_doubled(bytes, cell.size - cell.doubled));
  }
}

std::string_view RowReader::without_doubled(std::string_view cell, size_t size) {
  std::string& unquoted = unquoted_.emplace_back();
  unquoted.reserve(size);
  for (size_t i = 0; i < cell.size(); ++i) {
    unquoted.push_back(cell[i]);
    if (cell[i] == format_.quote) ++i;
  }
  return unquoted;
}

TableColumns::TableColumns(std::string name, const TableRow* header)
    : name_(std::move(name)), has_header_(header != nullptr) {
  if (has_header_) header_.assign(header->cells.begin(), header->cells.end());
}

std::string TableColumns::other_delimiter() const {
  if (header_.size() == 1) {
    for (const auto& [delimiter, remedy] : {std::pair(';', "set data.columns.delimiter: \";\""),
                                            std::pair('\t', "set the source's format: tsv"),
                                            std::pair('|', "set data.columns.delimiter: \"|\"")}) {
      if (header_[0].find(delimiter) != std::string::npos)
        return fmt::format("; its one cell holds {}: {}",
                           delimiter == '\t' ? "a tab" : fmt::format("'{}'", delimiter), remedy);
    }
  }
  return "";
}

size_t TableColumns::find(std::string_view asked_by, const std::string& column,
                          std::string_view remedy) const {
  if (has_header_) {
    const auto found = std::find(header_.begin(), header_.end(), column);
    if (found != header_.end() && std::find(found + 1, header_.end(), column) != header_.end())
      throw DataError(fmt::format("{}:1: the header has '{}' ({}) more than once", name_, column, asked_by));
    if (found != header_.end()) return static_cast<size_t>(found - header_.begin());
    throw DataError(fmt::format("{}:1: no column '{}' for {} (the header has: {}){}", name_, column, asked_by,
                                item_list(header_), remedy));
  }
  const std::optional<size_t> number = parse_number<size_t>(column);
  if (!number || *number == 0) {
    throw DataError(
        fmt::format("{}: '{}' is not a column number (by data.columns.header the table has no header: "
                    "columns are 1, 2, ...){}",
                    asked_by, column, remedy));
  }
  return *number - 1;
}

std::string RowWidth::fault(const TableRow& row, size_t furthest) {
  if (cells_ == 0 && row.cells.size() <= furthest)
    return fmt::format("{} fields (expected {} or more)", row.cells.size(), furthest + 1);
  if (cells_ == 0) {
    cells_ = row.cells.size();
    told_by_line_ = row.line;
  }
  if (row.cells.size() == cells_) return "";
  return fmt::format("{} fields (expected {}{})", row.cells.size(), cells_,
                     told_by_line_ == 0 ? "" : fmt::format(", as in line {}", told_by_line_));
}

}  // namespace bernoulli

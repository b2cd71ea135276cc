#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// How the rows of a table are written.
struct TableFormat {
  char delimiter = ',';
  char quote = '"';  ///< '\0': quotes are ordinary characters
};

/// What `columns` says; `delimiter` where it names none.
TableFormat table_format(const ColumnsConfig& columns, char delimiter);

struct TableRow {
  std::vector<std::string_view> cells;
  int64_t line = 0;  ///< where it starts
};

/// @throws DataError where the first line is "sep=;", of which Excel takes the delimiter: it is no row
void refuse_separator_line(std::string_view content, const std::string& name);

/// Cuts delimited bytes into rows (RFC 4180; LF, CRLF or CR ends one), however they arrive: no byte is looked
/// at twice because a row came in pieces.
class RowReader {
 public:
  enum class Step { kRow, kMore, kEnd };

  /// @param ordinary_quotes  for messages: what to do where quotes are ordinary characters.
  RowReader(std::string name, TableFormat format, std::string ordinary_quotes);

  /// Replaces what there is to read by `content`, which stays where it is until the next feed. It goes on
  /// where consumed() was. @param last  nothing comes after it.
  void feed(std::string_view content, bool last);
  /// kMore: the row goes on behind the content; feed() more of it, unless it was the last.
  /// @throws DataError with name and line for a quote that is not closed or followed by text.
  Step next();
  /// What next() found. Its cells end with the next call of next().
  const TableRow& row() const { return row_; }
  /// So many bytes of the content are no longer needed, once next() has answered kMore.
  size_t consumed() const { return begin_; }

 private:
  enum class State { kRowStart, kCellStart, kPlain, kQuoted, kCellEnd };
  struct Cell {
    size_t begin, size;  ///< bytes from begin_ on, without quotes around them
    size_t doubled;      ///< quotes inside
  };

  bool advance();
  bool start_cell();
  bool scan_plain();
  bool scan_quoted();
  bool end_quoted(size_t end);
  bool end_cell();
  void close_row();
  std::string_view without_doubled(std::string_view cell, size_t size);

  std::string name_;
  TableFormat format_;
  std::string ordinary_quotes_;
  std::string_view content_;
  bool last_ = false;
  State state_ = State::kRowStart;
  bool after_cr_ = false;  ///< a newline that comes now belongs to the end of the row before
  size_t begin_ = 0;       ///< of the row, in content_
  size_t position_ = 0;
  int64_t line_ = 1;
  std::vector<Cell> cells_;
  Cell cell_{};
  TableRow row_;
  std::deque<std::string> unquoted_;  ///< cells whose doubled quotes were made single
};

/// Finds columns by the names of the header or, where there is none, by 1-based numbers.
class TableColumns {
 public:
  /// @param header  null: there is none.
  TableColumns(std::string name, const TableRow* header);

  /// @param asked_by  who names the column, for messages; `remedy` is what else can be done, or empty.
  /// @throws DataError for a column that the header does not have, or has twice, or that is no number.
  size_t find(std::string_view asked_by, const std::string& column, std::string_view remedy = "") const;
  /// What to set where the header is one cell that holds another delimiter, a remedy for data with labels;
  /// empty where it is not.
  std::string other_delimiter() const;
  /// None without a header.
  const std::vector<std::string>& names() const { return header_; }
  /// 0 without a header.
  size_t size() const { return header_.size(); }

 private:
  std::string name_;
  bool has_header_;
  std::vector<std::string> header_;
};

/// A line of nothing, which is a row where rows have one cell.
inline bool is_blank(const TableRow& row) { return row.cells.size() == 1 && row.cells[0].empty(); }

/// How many cells every row must have: as many as the header, else as the first row that has all columns in
/// use.
class RowWidth {
 public:
  /// @param cells  of the header; 0: there is none.
  explicit RowWidth(size_t cells) : cells_(cells) {}

  /// Whether a header or a row has told.
  bool is_known() const { return cells_ != 0; }
  bool is_no_row(const TableRow& row) const { return is_blank(row) && cells_ != 1; }
  /// What is wrong with a row, empty where nothing is. @param furthest  the last column that is used.
  std::string fault(const TableRow& row, size_t furthest);

 private:
  size_t cells_;
  int64_t told_by_line_ = 0;  ///< 0: by the header
};

}  // namespace bernoulli

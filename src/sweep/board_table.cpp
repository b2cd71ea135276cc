#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/printable.h"
#include "sweep/leader_board.h"
#include "sweep/naming.h"

namespace bernoulli::sweep {
namespace {

struct Column {
  std::string name;
  bool is_text = false;  ///< on the left; numbers stand on the right
  std::vector<std::string> cells;
};

bool begins_character(char byte) { return (byte & 0xC0) != 0x80; }  // of UTF-8

/// Characters, as fmt counts them when it fills up.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string aligned(const std::vector<Column>& columns, size_t num_rows) {
  std::string table;
  for (size_t line = 0; line <= num_rows; ++line) {
    std::string text;
    for (const Column& column : columns) {
      size_t width = width_of(column.name);
      for (const std::string& cell : column.cells) width = std::max(width, width_of(cell));
      const std::string& cell = line == 0 ? column.name : column.cells[line - 1];
      text += column.is_text ? fmt::format("{:<{}}  ", cell, width) : fmt::format("{:>{}}  ", cell, width);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    table += text + "\n";
  }
  return table;
}

/// One cell a row.
template <class CellOf>
Column column_of(const LeaderBoard& board, std::string name, bool is_text, const CellOf& cell_of) {
  Column column{std::move(name), is_text, {}};
  for (const BoardRow& row : board.rows) column.cells.push_back(cell_of(row));
  return column;
}

bool is_blank(const Column& column) {
  return std::all_of(column.cells.begin(), column.cells.end(),
                     [](const std::string& cell) { return cell.empty() || cell == "-"; });
}

bool differs(const Column& column) {
  return std::set<std::string>(column.cells.begin(), column.cells.end()).size() > 1;
}

std::string mean_cell(const std::optional<Spread>& figure) {
  return figure ? fmt::format("{:.4f}", figure->mean) : "-";
}
std::string deviation_cell(const std::optional<Spread>& figure) {
  return figure && figure->deviation ? fmt::format("{:.4f}", *figure->deviation) : "-";
}

/// leaderboard.json has all of it.
std::string shortened(const std::string& note) {
  constexpr size_t kLongest = 80;
  if (note.size() <= kLongest) return note;
  size_t end = kLongest - 3;
  while (end > 0 && !begins_character(note[end])) --end;
  return note.substr(0, end) + "...";
}

std::vector<Column> setting_columns(const LeaderBoard& board) {
  std::vector<std::string> keys;
  for (const Setting& setting : board.rows.front().settings) keys.push_back(setting.key);
  const std::vector<std::string> names = short_names(keys);
  std::vector<Column> columns;
  for (size_t i = 0; i < keys.size(); ++i) {
    Column column =
        column_of(board, names[i], false, [&](const BoardRow& row) { return row.settings[i].value; });
    if (differs(column)) columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

std::string to_table(const LeaderBoard& board, const std::filesystem::path& folder) {
  const std::string& metric = board.ranking.metric;
  std::vector<Column> columns;
  const auto add = [&](Column column, bool even_if_blank = false) {
    if (even_if_blank || !is_blank(column)) columns.push_back(std::move(column));
  };
  add(column_of(board, "rank", false,
                [](const BoardRow& row) { return row.rank ? std::to_string(*row.rank) : "-"; }),
      true);
  add(column_of(board, "validation " + metric, false,
                [](const BoardRow& row) { return mean_cell(row.validation); }),
      true);
  add(column_of(board, "std", false, [](const BoardRow& row) { return deviation_cell(row.validation); }));
  add(column_of(board, "test " + metric, false, [](const BoardRow& row) { return mean_cell(row.test); }));
  add(column_of(board, "std", false, [](const BoardRow& row) { return deviation_cell(row.test); }));
  for (Column& column : setting_columns(board)) add(std::move(column), true);
  add(column_of(board, "seconds", false,
                [](const BoardRow& row) { return row.seconds ? fmt::format("{:.1f}", *row.seconds) : "-"; }));
  add(column_of(board, "run", true, [&](const BoardRow& row) { return runs_of(row, folder); }));
  add(column_of(board, "note", true, [](const BoardRow& row) { return shortened(row.note); }));
  std::string table = aligned(columns, board.rows.size());
  if (const BoardRow& best = board.rows.front(); best.rank && !best.settings.empty()) {
    table += fmt::format("\nbest by validation {}:", metric);
    for (const auto& [key, value] : best.settings) table += fmt::format(" {}={}", key, value);
    const auto ties = std::count_if(board.rows.begin(), board.rows.end(),
                                    [&](const BoardRow& row) { return row.rank == best.rank; });
    table += ties == 1 ? "\n" : fmt::format(" (and {} more that are as good)\n", ties - 1);
  }
  return printable(table);
}

}  // namespace bernoulli::sweep

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/name_list.h"
#include "core/printable.h"
#include "core/text_table.h"
#include "core/utf8.h"
#include "sweep/leader_board.h"
#include "sweep/naming.h"

namespace bernoulli::sweep {
namespace {

/// One cell a row.
template <class CellOf>
TextColumn column_of(const LeaderBoard& board, std::string name, bool is_text, const CellOf& cell_of) {
  TextColumn column{std::move(name), is_text, {}};
  for (const BoardRow& row : board.rows) column.cells.push_back(cell_of(row));
  return column;
}

bool is_blank(const TextColumn& column) {
  return std::all_of(column.cells.begin(), column.cells.end(),
                     [](const std::string& cell) { return cell.empty() || cell == "-"; });
}

bool differs(const TextColumn& column) {
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
  return std::string(cut_to(note, kLongest - 3)) + "...";
}

std::vector<TextColumn> setting_columns(const LeaderBoard& board) {
  std::vector<std::string> keys;
  for (const Setting& setting : board.rows.front().settings) keys.push_back(setting.key);
  const std::vector<std::string> names = short_names(keys);
  std::vector<TextColumn> columns;
  for (size_t i = 0; i < keys.size(); ++i) {
    TextColumn column =
        column_of(board, names[i], false, [&](const BoardRow& row) { return row.settings[i].value; });
    if (differs(column)) columns.push_back(std::move(column));
  }
  return columns;
}

/// Of rows that share the first rank none is the best: a name would be read as a choice.
std::string best_line(const LeaderBoard& board) {
  const BoardRow& best = board.rows.front();
  const std::string& metric = board.ranking.metric;
  if (!best.rank || !best.is_final || best.settings.empty()) return "";
  const auto num_first =
      std::ranges::count_if(board.rows, [&](const BoardRow& row) { return row.rank == best.rank; });
  if (num_first > 1)
    return fmt::format("\nno single best: {} rows share rank 1 by validation {}\n", num_first, metric);
  std::string settings;
  for (const auto& [key, value] : best.settings) settings += fmt::format(" {}={}", key, value);
  return fmt::format("\nbest by validation {}:{}\n", metric, printable(settings));
}

}  // namespace

std::string to_table(const LeaderBoard& board, const std::filesystem::path& folder) {
  const std::string& metric = board.ranking.metric;
  std::vector<TextColumn> columns;
  const auto add = [&](TextColumn column, bool even_if_blank = false) {
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
  for (TextColumn& column : setting_columns(board)) add(std::move(column), true);
  if (board.has_rungs)
    add(column_of(board, "epochs", false, [](const BoardRow& row) { return std::to_string(row.epochs); }));
  add(column_of(board, "seconds", false,
                [](const BoardRow& row) { return row.seconds ? fmt::format("{:.1f}", *row.seconds) : "-"; }));
  add(column_of(board, "run", true, [&](const BoardRow& row) { return runs_of(row, folder); }));
  add(column_of(board, "note", true, [](const BoardRow& row) { return shortened(row.note); }));
  std::string table = text_table(columns);
  if (!board.seeds.empty()) table += fmt::format("\neach row is a mean over {}\n", item_list(board.seeds));
  return table + best_line(board);
}

}  // namespace bernoulli::sweep

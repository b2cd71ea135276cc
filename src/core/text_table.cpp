#include "core/text_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/printable.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

/// Columns of the screen, as fmt counts them when it fills up to a width: one a character, two a character of
/// East Asian writing. That is never more than bytes, so that the filling up to so many columns tells.
size_t width_of(std::string_view text) {
  const size_t filling = fmt::formatted_size("{:<{}}", text, text.size()) - text.size();
  return text.size() - filling;
}

}  // namespace

std::string_view cut_to_width(std::string_view text, size_t width) {
  size_t end = 0, columns = 0;
  while (end < text.size()) {
    const std::string_view character =
        text.substr(end, std::max<size_t>(utf8_sequence_length(text.substr(end)), 1));
    columns += width_of(character);
    if (columns > width) break;
    end += character.size();
  }
  return text.substr(0, end);
}

std::string text_table(const std::vector<TextColumn>& columns) {
  std::vector<std::string> lines;
  for (const TextColumn& column : columns) {
    std::vector<std::string> cells = {printable(column.name, "")};
    for (const std::string& cell : column.cells) cells.push_back(printable(cell, ""));
    size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, width_of(cell));
    lines.resize(cells.size());
    for (size_t i = 0; i < cells.size(); ++i)
      lines[i] += column.is_text ? fmt::format("{:<{}}  ", cells[i], width)
                                 : fmt::format("{:>{}}  ", cells[i], width);
  }
  std::string table;
  for (const std::string& line : lines) table += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return table;
}

}  // namespace bernoulli

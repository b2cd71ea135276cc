#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

struct TextColumn {
  std::string name;
  bool is_text = false;  ///< on the left; numbers stand on the right
  std::vector<std::string> cells;
};

/// The beginning of `text` that takes no more than `width` columns of the screen, without half a character.
std::string_view cut_to_width(std::string_view text, size_t width);

/// A table for a terminal: a line of names, then one line a row, columns two spaces apart, each as wide as
/// its widest cell is on the screen. Cells are made printable, and keep to their line.
/// @param columns  with as many cells each.
std::string text_table(const std::vector<TextColumn>& columns);

}  // namespace bernoulli

#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// Adds one more column of an example to its text (data.columns.text): parts that are empty leave no
/// separator behind, so a row without any text is an empty text.
inline void join_text(std::string& text, std::string_view part, std::string_view separator) {
  if (part.empty()) return;
  if (!text.empty()) text += separator;
  text += part;
}

}  // namespace bernoulli

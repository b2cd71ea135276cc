#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// The token as one line of readable text: control characters (ASCII and C1), line and paragraph separators,
/// the byte order mark, bytes that are no valid UTF-8, the backslash, and a space at either end as \xHH, byte
/// by byte. Everything else stays.
std::string escape_token(std::string_view token);

struct EscapeResult {
  std::string bytes;
  std::string error;  ///< empty: none
};

/// The bytes that escape_token was given.
EscapeResult unescape_token(std::string_view text);

}  // namespace bernoulli

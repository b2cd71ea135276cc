#include "text/token_escape.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "core/utf8.h"

namespace bernoulli {
namespace {

/// True where some line reader or editor would change or swallow the character.
bool is_fragile(std::string_view character) {
  if (character.size() == 1)
    return static_cast<uint8_t>(character[0]) < 0x20 || character[0] == '\\' || character[0] == 0x7F;
  const bool c1_control = character[0] == '\xC2' && static_cast<uint8_t>(character[1]) < 0xA0;
  return c1_control || character == "\u2028" || character == "\u2029" || character == "\uFEFF";
}

}  // namespace

std::string escape_token(std::string_view token) {
  std::string text;
  for (size_t i = 0; i < token.size();) {
    const size_t length = utf8_sequence_length(token.substr(i));
    const std::string_view character = token.substr(i, length == 0 ? 1 : length);
    const bool space_at_end = character == " " && (i == 0 || i + 1 == token.size());
    if (length == 0 || space_at_end || is_fragile(character)) {
      for (const char byte : character) text += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
    } else {
      text += character;
    }
    i += character.size();
  }
  return text;
}

EscapeResult unescape_token(std::string_view text) {
  EscapeResult result;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      result.bytes.push_back(text[i++]);
      continue;
    }
    const std::string_view code = text.substr(i, 4);
    uint8_t byte = 0;
    const bool shaped = code.size() == 4 && code[1] == 'x';
    if (!shaped || std::from_chars(code.data() + 2, code.data() + 4, byte, 16).ptr != code.data() + 4) {
      return {"",
              fmt::format(
                  "'{}' is no escaped byte (expected \\x and two hexadecimal digits; a backslash is \\x5c)",
                  code)};
    }
    result.bytes.push_back(static_cast<char>(byte));
    i += 4;
  }
  return result;
}

}  // namespace bernoulli

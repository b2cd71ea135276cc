#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bernoulli {

/// U+FEFF at the start of a file: an editor's, no part of the text. Every reader of texts drops it.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Bytes of the valid UTF-8 sequence that `bytes` starts with, 1 to 4; 0 where it starts with none (stray
/// continuation, overlong form, surrogate, above U+10FFFF, cut short). Source: Unicode 15, table 3-7.
constexpr size_t utf8_sequence_length(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const auto within = [&](size_t i, int low, int high) {
    return i < bytes.size() && byte(i) >= low && byte(i) <= high;
  };
  const int lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0) return within(1, 0x80, 0xBF) ? 2 : 0;
  if (lead < 0xF0) {
    const int low = lead == 0xE0 ? 0xA0 : 0x80;
    const int high = lead == 0xED ? 0x9F : 0xBF;
    return within(1, low, high) && within(2, 0x80, 0xBF) ? 3 : 0;
  }
  const int low = lead == 0xF0 ? 0x90 : 0x80;
  const int high = lead == 0xF4 ? 0x8F : 0xBF;
  return within(1, low, high) && within(2, 0x80, 0xBF) && within(3, 0x80, 0xBF) ? 4 : 0;
}

/// The code point of that sequence. @param length  utf8_sequence_length of `bytes`, not 0
constexpr char32_t utf8_code_point(std::string_view bytes, size_t length) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<uint8_t>(bytes[i])); };
  const auto bits = [&](size_t i) { return byte(i) & 0x3Fu; };
  switch (length) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1Fu) << 6 | bits(1);
    case 3:
      return (byte(0) & 0xFu) << 12 | bits(1) << 6 | bits(2);
    default:
      return (byte(0) & 7u) << 18 | bits(1) << 12 | bits(2) << 6 | bits(3);
  }
}

/// The first `most` bytes at most, and never a part of a character where the text is UTF-8.
constexpr std::string_view cut_to(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  const auto continues = [&](size_t i) { return (static_cast<uint8_t>(text[i]) & 0xC0) == 0x80; };
  size_t size = most;
  while (size > 0 && most - size < 3 && continues(size)) --size;
  return text.substr(0, continues(size) ? most : size);
}

/// @param name  of what begins with `bytes`. @throws DataError, with the remedy, where that is UTF-16's mark
void refuse_utf16(std::string_view bytes, const std::string& name);

/// The first byte from `begin` that is not ASCII, or text.size().
size_t next_wide_byte(std::string_view text, size_t begin);

/// Whether all of it is valid UTF-8.
bool is_utf8(std::string_view text);

}  // namespace bernoulli

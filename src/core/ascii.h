#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace bernoulli {

// What a byte is in ASCII, whatever the locale; bytes above it are nothing of this.

constexpr bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
constexpr char lowered(char c) { return is_capital(c) ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool is_letter(char c) { return lowered(c) >= 'a' && lowered(c) <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), lowered);
  return lower;
}
/// Without the spaces, tabs and line ends around it.
constexpr std::string_view without_outer_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}
/// Python's string.punctuation: what is to be seen and is neither letter nor digit.
constexpr bool is_punctuation(char c) { return c > ' ' && c <= '~' && !is_letter(c) && !is_digit(c); }

}  // namespace bernoulli

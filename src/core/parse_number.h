#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace bernoulli {

/// The number that the whole of `text` is, as std::from_chars reads it: no white space, and a '+' only before
/// one of floating point. Nothing where it is something else, does not fit, or is not finite.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  if constexpr (std::is_floating_point_v<Number>) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

}  // namespace bernoulli

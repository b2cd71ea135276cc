#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bernoulli {

/// Two lower-case hexadecimal digits a byte.
inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kDigits[byte / 16], kDigits[byte % 16]};
  }
  return hex;
}

/// Its inverse. Nothing where `hex` is anything else than what to_hex writes.
inline std::optional<std::string> from_hex(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (hex.size() % 2 != 0 || hex.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(16 * kDigits.find(hex[i]) + kDigits.find(hex[i + 1])));
  return bytes;
}

}  // namespace bernoulli

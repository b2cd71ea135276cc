#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// What a name may consist of that stands in folders and addresses as it is.
inline constexpr std::string_view kPlainNameLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

inline bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of(kPlainNameLetters) == std::string_view::npos;
}

/// Every other byte becomes '_'.
inline std::string plain_name(std::string name) {
  for (char& c : name) {
    if (kPlainNameLetters.find(c) == std::string_view::npos) c = '_';
  }
  return name;
}

}  // namespace bernoulli

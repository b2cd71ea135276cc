#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// `text` for a terminal: control characters but those of `kept` as \xHH. What stands in data files stands in
/// messages, too, and shall neither move a cursor nor end a message.
inline std::string printable(std::string_view text, std::string_view kept = "\n\t") {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7f) || kept.find(c) != std::string_view::npos) {
      shown += c;
    } else {
      shown += {'\\', 'x', kDigits[byte / 16], kDigits[byte % 16]};
    }
  }
  return shown;
}

}  // namespace bernoulli

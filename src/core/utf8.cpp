#include "core/utf8.h"

#include <cstring>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {

void refuse_utf16(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
    throw DataError(
        fmt::format("'{}' begins with a UTF-16 byte order mark; convert it: iconv -f UTF-16 -t UTF-8", name));
}

bool is_utf8(std::string_view text) {
  constexpr size_t kBlock = 32;  // most are ASCII throughout
  while (!text.empty()) {
    uint64_t words[kBlock / sizeof(uint64_t)] = {};
    if (text.size() >= kBlock) std::memcpy(words, text.data(), kBlock);
    const bool is_ascii =
        text.size() >= kBlock && ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u) == 0;
    const size_t length = is_ascii ? kBlock : utf8_sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace bernoulli

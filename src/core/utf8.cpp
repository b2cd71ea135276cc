#include "core/utf8.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {

void refuse_utf16(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
    throw DataError(
        fmt::format("'{}' begins with a UTF-16 byte order mark; convert it: iconv -f UTF-16 -t UTF-8", name));
}

size_t next_wide_byte(std::string_view text, size_t begin) {
  constexpr size_t kBlock = 32;
  constexpr uint64_t kHighBits = 0x8080808080808080u;
  while (begin + kBlock <= text.size()) {
    uint64_t words[kBlock / sizeof(uint64_t)];
    std::memcpy(words, text.data() + begin, kBlock);
    if (((words[0] | words[1] | words[2] | words[3]) & kHighBits) != 0) break;
    begin += kBlock;
  }
  for (; begin + sizeof(uint64_t) <= text.size(); begin += sizeof(uint64_t)) {
    static_assert(std::endian::native == std::endian::little);
    uint64_t word = 0;
    std::memcpy(&word, text.data() + begin, sizeof word);
    if ((word & kHighBits) != 0) return begin + static_cast<size_t>(std::countr_zero(word & kHighBits)) / 8;
  }
  while (begin < text.size() && static_cast<uint8_t>(text[begin]) < 0x80) ++begin;
  return begin;
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (static_cast<uint8_t>(text[i]) < 0x80) {
      i = next_wide_byte(text, i + 1);
      continue;
    }
    const size_t length = utf8_sequence_length(text.substr(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

}  // namespace bernoulli

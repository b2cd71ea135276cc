#include "core/utf8.h"

#include <cstring>

namespace bernoulli {

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

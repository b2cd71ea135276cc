#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/short_key.h"
#include "text/token_spans.h"
#include "text/token_table.h"

namespace bernoulli {

/// Distinct tokens, numbered 0, 1, ... as they are first seen. Short tokens lie in a table of their own,
/// where key and number share a cache line; long ones are rare enough for a TokenTable.
class TokenNumbers {
 public:
  /// Writes the numbers of tokens begin .. begin + count - 1 to `numbers`. Unknown ones are added. @throws
  /// DataError past 2^31 - 3 distinct tokens.
  void number(const TokenSpans& tokens, size_t begin, size_t count, uint32_t* numbers);
  /// The number in this table of each token of `other`, by its number there. Unknown ones are added.
  std::vector<uint32_t> number(const TokenNumbers& other);
  /// Valid until the next token is added.
  std::string_view token(uint32_t number) const {
    const ShortKey& key = keys_[number];
    if (key.size() > ShortKey::kMaxBytes) return long_tokens_.token(static_cast<int32_t>(key.low));
    return {reinterpret_cast<const char*>(&key), key.size()};
  }
  size_t size() const { return keys_.size(); }

 private:
  struct Slot {
    ShortKey key;  ///< {0, 0}: free
    uint32_t number = 0;
  };

  size_t home(const ShortKey& key) const { return key.hash(0) >> shift_; }
  void number_batch(const TokenSpans& tokens, size_t begin, size_t count, uint32_t* numbers);
  uint32_t number_short(const ShortKey& key, size_t home);
  uint32_t number_long(std::string_view token);
  uint32_t append(const ShortKey& key);
  void grow();

  static constexpr int kFirstBits = 10;

  int shift_ = 64 - kFirstBits;
  std::vector<Slot> slots_ = std::vector<Slot>(size_t{1} << kFirstBits);  ///< at most half full
  size_t num_short_ = 0;
  /// By number; a long token's has the size kLong, and its place in long_tokens_.
  std::vector<ShortKey> keys_;
  TokenTable long_tokens_;
  std::vector<uint32_t> long_numbers_;  ///< by place in long_tokens_
};

}  // namespace bernoulli

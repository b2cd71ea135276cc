#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/short_key.h"
#include "text/token_table.h"

namespace bernoulli {

/// How often each token was seen. Short tokens lie in a table of their own, where key and count share a cache
/// line; long ones are rare enough for a TokenTable.
class TokenCounts {
 public:
  /// @param token from whose first byte on 16 may be read
  void add_readable(std::string_view token) {
    if (token.size() <= ShortKey::kMaxBytes) {
      add(ShortKey::of_readable(token), 1);
    } else {
      add_long(token, 1);
    }
  }
  void add(const TokenCounts& other);

  /// Calls visit(token, count) once a token, in no order that means anything.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    std::string bytes;
    for (const Slot& slot : slots_) {
      if (slot.count == 0) continue;
      bytes.clear();
      slot.key.append_to(bytes);
      visit(std::string_view(bytes), slot.count);
    }
    for (int32_t i = 0; i < long_tokens_.size(); ++i)
      visit(long_tokens_.token(i), long_counts_[static_cast<size_t>(i)]);
  }

 private:
  struct Slot {
    ShortKey key;
    int64_t count = 0;  ///< 0: free
  };

  void add(const ShortKey& key, int64_t count) {
    const size_t mask = slots_.size() - 1;
    for (size_t i = key.hash(0) & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.key == key) {
        slot.count += count;
        return;
      }
      if (slot.count == 0) {
        slot = {key, count};
        if (2 * ++num_short_ > slots_.size()) grow();
        return;
      }
    }
  }
  void add_long(std::string_view token, int64_t count);
  void grow();

  std::vector<Slot> slots_ = std::vector<Slot>(1024);  ///< a power of two, at most half full
  size_t num_short_ = 0;
  TokenTable long_tokens_;
  std::vector<int64_t> long_counts_;  ///< by number in long_tokens_
};

}  // namespace bernoulli

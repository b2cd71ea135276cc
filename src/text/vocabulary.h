#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/short_token_index.h"
#include "text/token_rows.h"
#include "text/token_table.h"

namespace bernoulli {

/// Tokens in id order. Ids 0 (padding) and 1 (unknown) are reserved and not listed: tokens()[i] has id i + 2.
class Vocabulary {
 public:
  Vocabulary() = default;
  /// @throws DataError if a token is empty or listed twice.
  explicit Vocabulary(std::vector<std::string> tokens);

  /// The id, or kUnknownId.
  int32_t id(std::string_view token) const {
    const int32_t number = index_.find(token);
    return number == TokenTable::kAbsent ? kUnknownId : number + kFirstTokenId;
  }
  /// The same, faster, for a token from whose first byte on 16 may be read.
  int32_t id_of_readable(std::string_view token) const {
    if (token.size() > ShortKey::kMaxBytes || !short_index_) return id(token);
    return static_cast<int32_t>(short_index_->find(ShortKey::of_readable(token))) + kUnknownId;
  }
  /// The same for tokens 0 .. count - 1. @param token(i) token i
  template <typename Token>
  void look_up_readable(size_t count, const Token& token, int32_t* ids) const {
    if (tokens_.size() <= kCachedTokens || !short_index_) {
      for (size_t i = 0; i < count; ++i) ids[i] = id_of_readable(token(i));
      return;
    }
    for (size_t begin = 0; begin < count; begin += kBatch) {
      const size_t batch = std::min(kBatch, count - begin);
      look_up_batch(
          batch, [&](size_t i) { return token(begin + i); }, ids + begin);
    }
  }
  const std::vector<std::string>& tokens() const { return tokens_; }
  int64_t num_ids() const { return static_cast<int64_t>(tokens_.size()) + kFirstTokenId; }
  /// Changes with any token or their order.
  std::string fingerprint() const;

  /// One token a line; bytes outside printable ASCII that could break a line reader, and the backslash, as
  /// \xHH. Valid UTF-8 letters stay readable. parse(to_text()) gives the same tokens for any bytes.
  std::string to_text() const;
  /// @param name stands for the file in messages. @throws DataError with name and line.
  static Vocabulary parse(std::string_view text, const std::string& name);

 private:
  static constexpr int32_t kFirstTokenId = 2;

  static_assert(kUnknownId + 1 == kFirstTokenId,
                "the numbers of short_index_, 0 for none, are ids but for kUnknownId");

  static constexpr size_t kCachedTokens = 16384;  ///< the caches hold the index of so many
  static constexpr size_t kBatch = 32;

  void index_short_tokens();
  /// What memory has to give for each token is asked for before the first is compared.
  template <typename Token>
  void look_up_batch(size_t count, const Token& token, int32_t* ids) const {
    const ShortTokenIndex& index = *short_index_;
    std::array<ShortKey, kBatch> keys;
    std::array<const uint32_t*, kBatch> places;
    std::array<uint32_t, kBatch> numbers;
    std::array<uint8_t, kBatch> long_ones;
    size_t num_long = 0;
    for (size_t i = 0; i < count; ++i) {
      const std::string_view bytes = token(i);
      keys[i] = ShortKey::of_readable(bytes);  // a long one's finds something or nothing
      places[i] = index.place(keys[i]);
      __builtin_prefetch(places[i]);
      long_ones[num_long] = static_cast<uint8_t>(i);
      num_long += bytes.size() > ShortKey::kMaxBytes ? 1 : 0;
    }
    for (size_t i = 0; i < count; ++i) {
      numbers[i] = *places[i];
      __builtin_prefetch(&index.key(numbers[i]));
    }
    for (size_t i = 0; i < count; ++i)
      ids[i] = static_cast<int32_t>(index.confirm(numbers[i], keys[i])) + kUnknownId;
    for (size_t i = 0; i < num_long; ++i) ids[long_ones[i]] = id(token(long_ones[i]));
  }

  std::vector<std::string> tokens_;
  TokenTable index_;                            ///< tokens_[i] has number i
  std::optional<ShortTokenIndex> short_index_;  ///< tokens_[i] has number i + 1 where it is short
};

}  // namespace bernoulli

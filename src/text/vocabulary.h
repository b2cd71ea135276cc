#pragma once

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

  void index_short_tokens();

  std::vector<std::string> tokens_;
  TokenTable index_;                            ///< tokens_[i] has number i
  std::optional<ShortTokenIndex> short_index_;  ///< tokens_[i] has number i + 1 where it is short
};

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "text/token_view.h"

namespace bernoulli {

/// Whether two texts are the same but for ASCII case, ASCII punctuation and white space, and not empty
/// without these.
bool are_variants(std::string_view one, std::string_view other);

/// Finds texts that a model cannot tell apart and that a reader would call the same: their token ids are
/// equal and they are variants. Ids alone would take two texts for one whose words are unknown. 16 bytes a
/// text.
class TextVariants {
 public:
  /// Both must outlive this.
  TextVariants(const std::vector<std::string_view>& texts, const TokenView& rows);

  /// The index of a text that is a variant of `text`, whose ids are row `index` of `rows`. Of many texts with
  /// these ids the first few are looked at.
  std::optional<size_t> find(std::string_view text, const TokenView& rows, int64_t index);

 private:
  uint64_t hash_of_row(const TokenView& rows, int64_t index);

  const std::vector<std::string_view>& texts_;
  std::vector<std::pair<uint64_t, size_t>> by_ids_;  ///< hash of the ids, index; ascending
  std::vector<int32_t> room_;
};

}  // namespace bernoulli

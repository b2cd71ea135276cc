#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bernoulli {

/// Id of the padding position: no token has it.
inline constexpr int32_t kPaddingId = 0;
/// Id of every token that the vocabulary does not hold.
inline constexpr int32_t kUnknownId = 1;

/// Token ids of many texts, ragged: row i is ids[offsets[i] .. offsets[i+1]).
struct TokenRows {
  std::vector<int32_t> ids;
  std::vector<int64_t> offsets = {0};

  int64_t size() const { return static_cast<int64_t>(offsets.size()) - 1; }
  std::span<const int32_t> row(int64_t index) const {
    const int64_t begin = offsets[static_cast<size_t>(index)];
    const int64_t end = offsets[static_cast<size_t>(index) + 1];
    return {ids.data() + begin, static_cast<size_t>(end - begin)};
  }
  /// Closes the row whose ids were appended to `ids`.
  void end_row() { offsets.push_back(static_cast<int64_t>(ids.size())); }
};

}  // namespace bernoulli

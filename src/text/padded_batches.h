#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bernoulli {

/// Ids of a batch that is padded to its longest row. One long text among short ones would else ask for
/// gigabytes: 512 rows of 4,096 tokens are the most, far above what ordinary texts need.
inline constexpr int64_t kMostPaddedIds = int64_t{1} << 21;
/// The same of texts whose tokens are not counted yet, at four bytes a token.
inline constexpr int64_t kMostPaddedBytes = 4 * kMostPaddedIds;

/// Where the batches of `count` rows begin, in order, and `count` at the end: `batch_size` rows each, or as
/// many as stay below `most` when they are padded to the longest of them, at least one.
/// @param size_of  size_of(i) of row i, in the unit of `most`
template <class SizeOf>
std::vector<int64_t> padded_batches(int64_t count, int64_t batch_size, int64_t most, const SizeOf& size_of) {
  std::vector<int64_t> begins = {0};
  int64_t longest = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t rows = i - begins.back();
    const int64_t with_this = std::max(longest, static_cast<int64_t>(size_of(i)));
    if (rows > 0 && (rows == batch_size || with_this > most / (rows + 1))) {
      begins.push_back(i);
      longest = static_cast<int64_t>(size_of(i));
    } else {
      longest = with_this;
    }
  }
  if (count > 0) begins.push_back(count);
  return begins;
}

}  // namespace bernoulli

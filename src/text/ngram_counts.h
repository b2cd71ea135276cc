#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bernoulli {

/// How often each n-gram of one width was seen, where its tokens are numbers. One table with open addressing;
/// it is far larger than the caches, so its places are fetched a batch of n-grams ahead.
class NgramCounts {
 public:
  /// @param width 1 or more
  explicit NgramCounts(size_t width);

  size_t width() const { return width_; }
  /// Counts all n-grams of a text.
  void add(std::span<const uint32_t> tokens);
  /// Adds the counts of `other`, of the same width, whose token t is `numbers[t]` here.
  void add(const NgramCounts& other, std::span<const uint32_t> numbers);

  /// Calls visit(count, numbers of the tokens) once an n-gram, in no order that means anything.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    std::vector<uint32_t> tokens(width_);
    for (size_t i = 0; i < slots_.size(); i += stride_) {
      if (slots_[i] == 0) continue;
      for (size_t k = 0; k < width_; ++k)
        tokens[k] = static_cast<uint32_t>(slots_[i + 1 + k / 2] >> (k % 2 * 32));
      visit(static_cast<int64_t>(slots_[i]), std::span<const uint32_t>(tokens));
    }
  }

 private:
  /// Adds `size` n-grams. @param tokens(i) the first token of n-gram i. @param count(i) how often it was seen
  template <typename Tokens, typename Count>
  void add_all(size_t size, const Tokens& tokens, const Count& count);
  template <size_t kWidth, typename Tokens, typename Count>
  void add_batch(size_t size, const Tokens& tokens, const Count& count);
  bool is_too_full(size_t size) const { return 4 * size > 3 * num_slots_; }
  void grow();

  static constexpr int kFirstBits = 10;

  size_t width_;
  size_t stride_;  ///< words a slot: the count, 0 where it is free, and two tokens a word
  int shift_ = 64 - kFirstBits;
  size_t num_slots_ = size_t{1} << kFirstBits;
  size_t size_ = 0;
  std::vector<uint64_t> slots_;  ///< at most three quarters full
  std::vector<uint64_t> batch_;  ///< keys
};

}  // namespace bernoulli

#include "text/ngram_counts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/memory_advice.h"

namespace bernoulli {
namespace {

constexpr size_t kNgramBatch = 256;  // n-grams whose slots are fetched before the first is looked at

/// The hash's first bits say where a key belongs, so that a table that grows is read and written in order.
size_t home_of(const uint64_t* key, size_t words, int shift) {
  uint64_t hash = 0;
  for (size_t k = 0; k < words; ++k) {
    hash = (hash ^ key[k]) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
  }
  return (hash * 0xd1b54a32d192ed03u) >> shift;
}

/// The slot of the key, or the free one where it belongs.
uint64_t* find_slot(uint64_t* slots, size_t mask, size_t words, const uint64_t* key, size_t index) {
  for (;; index = (index + 1) & mask) {
    uint64_t* const slot = slots + index * (words + 1);
    if (slot[0] == 0 || std::equal(key, key + words, slot + 1)) return slot;
  }
}

}  // namespace

NgramCounts::NgramCounts(size_t width)
    : width_(width),
      stride_(1 + (width + 1) / 2),
      slots_(num_slots_ * stride_),
      batch_(kNgramBatch * (stride_ - 1)) {}

void NgramCounts::add(std::span<const uint32_t> tokens) {
  if (tokens.size() < width_) return;
  add_all(
      tokens.size() - width_ + 1, [&](size_t i) { return tokens.data() + i; }, [](size_t) { return 1u; });
}

void NgramCounts::add(const NgramCounts& other, std::span<const uint32_t> numbers) {
  // Room for all before the first: they come in the order of their homes, and the first of them would crowd
  // at the beginning of a table that grows with them.
  while (is_too_full(size_ + other.size_)) grow();
  std::vector<uint32_t> tokens;
  std::vector<uint64_t> counts;
  const auto add_collected = [&] {
    add_all(
        counts.size(), [&](size_t i) { return tokens.data() + i * width_; },
        [&](size_t i) { return counts[i]; });
    tokens.clear();
    counts.clear();
  };
  other.for_each([&](int64_t count, std::span<const uint32_t> theirs) {
    for (const uint32_t token : theirs) tokens.push_back(numbers[token]);
    counts.push_back(static_cast<uint64_t>(count));
    if (counts.size() == kNgramBatch) add_collected();
  });
  add_collected();
}

template <typename Tokens, typename Count>
void NgramCounts::add_all(size_t size, const Tokens& tokens, const Count& count) {
  for (size_t begin = 0; begin < size; begin += kNgramBatch) {
    const size_t batch = std::min(kNgramBatch, size - begin);
    if (is_too_full(size_ + batch)) grow();
    const auto tokens_at = [&](size_t i) { return tokens(begin + i); };
    const auto count_at = [&](size_t i) { return count(begin + i); };
    if (width_ == 2) {
      add_batch<2>(batch, tokens_at, count_at);  // pairs: nearly all who count n-grams
    } else {
      add_batch<0>(batch, tokens_at, count_at);
    }
  }
}

/// @tparam kWidth the width, where the compiler knows it, or 0
template <size_t kWidth, typename Tokens, typename Count>
void NgramCounts::add_batch(size_t size, const Tokens& tokens, const Count& count) {
  const size_t width = kWidth != 0 ? kWidth : width_;
  const size_t words = (width + 1) / 2;
  const size_t mask = num_slots_ - 1;
  uint64_t* const slots = slots_.data();
  uint64_t* const keys = batch_.data();
  std::array<size_t, kNgramBatch> homes;
  for (size_t i = 0; i < size; ++i) {
    const uint32_t* const ngram = tokens(i);
    uint64_t* const key = keys + i * words;
    for (size_t k = 0; k < width / 2; ++k)
      key[k] = ngram[2 * k] | static_cast<uint64_t>(ngram[2 * k + 1]) << 32;
    if (width % 2 != 0) key[words - 1] = ngram[width - 1];
    homes[i] = home_of(key, words, shift_);
    __builtin_prefetch(slots + homes[i] * (words + 1), 1);
  }
  size_t num_new = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint64_t* const key = keys + i * words;
    uint64_t* const slot = find_slot(slots, mask, words, key, homes[i]);
    if (slot[0] == 0) {
      std::copy_n(key, words, slot + 1);
      ++num_new;
    }
    slot[0] += count(i);
  }
  size_ += num_new;
}

void NgramCounts::grow() {
  std::vector<uint64_t> larger;
  larger.reserve(2 * slots_.size());
  advise_huge_pages(larger.data(), larger.capacity() * sizeof(uint64_t));
  larger.resize(2 * slots_.size());
  num_slots_ *= 2;
  --shift_;
  const size_t words = stride_ - 1;
  for (size_t i = 0; i < slots_.size(); i += stride_) {
    if (slots_[i] == 0) continue;
    const uint64_t* const key = slots_.data() + i + 1;
    uint64_t* const slot = find_slot(larger.data(), num_slots_ - 1, words, key, home_of(key, words, shift_));
    std::copy_n(slots_.data() + i, stride_, slot);
  }
  slots_ = std::move(larger);
}

}  // namespace bernoulli

#include "text/token_counts.h"

#include <algorithm>

namespace bernoulli {
namespace {

constexpr size_t kBlock = 4096;  // words whose numbers are in memory at a time

}  // namespace

TokenCounts::TokenCounts(const std::vector<size_t>& widths)
    : counts_words_(std::find(widths.begin(), widths.end(), size_t{1}) != widths.end()) {
  for (const size_t width : widths) {
    if (width > 1) ngrams_.emplace_back(width);
    overlap_ = std::max(overlap_, width - 1);
  }
  numbers_.resize(overlap_ + kBlock);
}

void TokenCounts::add(const TokenSpans& words) {
  for (size_t begin = 0; begin < words.size(); begin += kBlock) {
    const size_t count = std::min(kBlock, words.size() - begin);
    uint32_t* const numbers = numbers_.data() + overlap_;
    words_.number(words, begin, count, numbers);
    if (counts_words_) {
      word_counts_.resize(words_.size());
      for (size_t i = 0; i < count; ++i) ++word_counts_[numbers[i]];
    }
    for (NgramCounts& ngrams : ngrams_) {
      const size_t before = std::min(begin, ngrams.width() - 1);
      ngrams.add({numbers - before, before + count});
    }
    std::copy(numbers_.end() - static_cast<std::ptrdiff_t>(overlap_), numbers_.end(), numbers_.begin());
  }
}

void TokenCounts::add(const TokenCounts& other) {
  const std::vector<uint32_t> numbers = words_.number(other.words_);
  if (counts_words_) {
    word_counts_.resize(words_.size());
    for (size_t i = 0; i < numbers.size(); ++i) word_counts_[numbers[i]] += other.word_counts_[i];
  }
  for (size_t i = 0; i < ngrams_.size(); ++i) ngrams_[i].add(other.ngrams_[i], numbers);
}

}  // namespace bernoulli

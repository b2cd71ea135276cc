#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/ngram_counts.h"
#include "text/token_numbers.h"
#include "text/token_spans.h"

namespace bernoulli {

/// How often each n-gram of some widths was seen. An n-gram is the numbers of its words: strings are hashed
/// and stored once a word, not once an n-gram.
class TokenCounts {
 public:
  explicit TokenCounts(const std::vector<size_t>& widths);

  /// Counts all n-grams of a text.
  void add(const TokenSpans& words);
  void add(const TokenCounts& other);

  /// Calls visit(count, token) once an n-gram, in no order that means anything; token() makes its bytes.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (size_t word = 0; word < word_counts_.size(); ++word)
      visit(word_counts_[word], [&] { return words_.token(static_cast<uint32_t>(word)); });
    std::string bytes;
    for (const NgramCounts& counts : ngrams_) {
      counts.for_each([&](int64_t count, std::span<const uint32_t> words) {
        visit(count, [&] {
          bytes.assign(words_.token(words[0]));
          for (const uint32_t word : words.subspan(1)) bytes.append(1, ' ').append(words_.token(word));
          return std::string_view(bytes);
        });
      });
    }
  }

 private:
  TokenNumbers words_;
  bool counts_words_;  ///< n-grams of width 1
  std::vector<int64_t> word_counts_;
  std::vector<NgramCounts> ngrams_;  ///< one for each other width
  size_t overlap_ = 0;               ///< words of the widest n-gram but one
  std::vector<uint32_t> numbers_;    ///< of some words of a text and of `overlap_` before them
};

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"
#include "text/standardize.h"

namespace bernoulli {

/// Memory that one thread reuses from text to text.
struct TokenBuffers {
  std::string text;
  std::string scratch;
  std::vector<std::string_view>
      tokens;  ///< views into one of the two, where exactly one space stands between neighbours
};

/// Standardises and splits. Immutable and shared between threads, each with buffers of its own.
class Tokenizer {
 public:
  /// @throws UsageError for a step, split or n-gram width that does not exist.
  explicit Tokenizer(const TextConfig& config);

  /// The first `limit` tokens of `text`; valid until `buffers` is used again.
  std::span<const std::string_view> tokens(std::string_view text, size_t limit, TokenBuffers& buffers) const;

  /// Calls `emit(n_gram)` for all n-grams of the first width, then of the second, ... until it returns false.
  /// An n-gram is a view of the bytes from its first token to its last: one space joins them already.
  template <typename Emit>
  void for_each_ngram(std::span<const std::string_view> tokens, Emit&& emit) const {
    for (const size_t width : widths_) {
      for (size_t begin = 0; begin + width <= tokens.size(); ++begin) {
        const char* end = tokens[begin + width - 1].data() + tokens[begin + width - 1].size();
        if (!emit(std::string_view(tokens[begin].data(), static_cast<size_t>(end - tokens[begin].data()))))
          return;
      }
    }
  }

  const std::vector<size_t>& widths() const { return widths_; }

 private:
  std::vector<StandardizeStep> steps_;
  bool characters_;
  std::vector<size_t> widths_;
};

}  // namespace bernoulli

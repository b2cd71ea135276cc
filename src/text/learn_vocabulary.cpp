#include <algorithm>
#include <limits>
#include <utility>

#include "core/stop.h"
#include "text/parallel_chunks.h"
#include "text/token_counts.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

TokenCounts count_tokens(const Tokenizer& tokenizer, const TextList& texts, size_t begin, size_t end) {
  TokenCounts counts(tokenizer.widths());
  TokenBuffers buffers;
  for (size_t i = begin; i < end; ++i) {
    throw_if_stopped();
    texts.fetch_early(i + 1);
    counts.add(tokenizer.tokens(texts[i], Tokenizer::kNoLimit, buffers));
  }
  return counts;
}

TokenCounts count_tokens(const Tokenizer& tokenizer, const TextList& texts, int threads) {
  const size_t num_chunks = num_text_chunks(texts.size(), threads);
  std::vector<TokenCounts> chunks(num_chunks, TokenCounts(tokenizer.widths()));
  for_each_chunk(texts.size(), num_chunks, [&](size_t chunk, size_t begin, size_t end) {
    chunks[chunk] = count_tokens(tokenizer, texts, begin, end);
  });
  TokenCounts all = std::move(chunks[0]);
  for (const TokenCounts& chunk : std::span(chunks).subspan(1)) all.add(chunk);
  return all;
}

struct CountedToken {
  std::string token;
  int64_t count;
};

bool is_more_frequent(const CountedToken& a, const CountedToken& b) {
  return a.count != b.count ? a.count > b.count : a.token > b.token;
}

/// The `room` most frequent of the tokens that were counted, in order. Beside them never more than as many
/// others are kept.
class MostFrequent {
 public:
  MostFrequent(size_t room, int64_t min_count) : room_(room), min_count_(min_count) {}

  /// @param token() makes its bytes
  template <typename Token>
  void add(int64_t count, const Token& token) {
    if (count < min_count_) return;
    const std::string_view bytes = token();
    if (bytes.size() > kLongestLearnedToken) return;
    tokens_.push_back({std::string(bytes), count});
    if (tokens_.size() / 2 >= std::max<size_t>(room_, 512)) drop_rest();
  }
  std::vector<CountedToken> sorted() && {
    if (tokens_.size() > room_) drop_rest();
    std::sort(tokens_.begin(), tokens_.end(), is_more_frequent);
    return std::move(tokens_);
  }

 private:
  void drop_rest() {
    const auto end = tokens_.begin() + static_cast<std::ptrdiff_t>(room_);
    std::nth_element(tokens_.begin(), end, tokens_.end(), is_more_frequent);
    // What is counted less often than all of these has no chance.
    min_count_ = end->count;
    tokens_.erase(end, tokens_.end());
  }

  size_t room_;
  int64_t min_count_;
  std::vector<CountedToken> tokens_;
};

}  // namespace

Vocabulary learn_vocabulary(const TextConfig& config, const TextList& texts, int threads, ScanKernel kernel) {
  const TokenCounts counts = count_tokens(Tokenizer(config, kernel), texts, threads);
  const size_t room = config.max_tokens ? static_cast<size_t>(std::max<int64_t>(0, *config.max_tokens - 2))
                                        : std::numeric_limits<size_t>::max();
  MostFrequent most_frequent(room, config.min_count);
  counts.for_each([&](int64_t count, const auto& token) { most_frequent.add(count, token); });
  std::vector<CountedToken> kept = std::move(most_frequent).sorted();
  std::vector<std::string> tokens;
  tokens.reserve(kept.size());
  for (CountedToken& one : kept) tokens.push_back(std::move(one.token));
  return Vocabulary(std::move(tokens));
}

}  // namespace bernoulli

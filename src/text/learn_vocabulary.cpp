#include <algorithm>
#include <limits>
#include <utility>

#include "text/parallel_chunks.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

struct TokenCounts {
  TokenTable tokens;
  std::vector<int64_t> counts;  ///< by number in `tokens`

  void add(std::string_view token, int64_t count) {
    const auto number = static_cast<size_t>(tokens.add(token));
    if (number == counts.size()) counts.push_back(0);
    counts[number] += count;
  }
};

TokenCounts count_tokens(const Tokenizer& tokenizer, std::span<const std::string> texts) {
  TokenCounts counts;
  TokenBuffers buffers;
  for (const std::string& text : texts) {
    tokenizer.for_each_ngram(tokenizer.tokens(text, kNoLimit, buffers), [&](std::string_view token) {
      counts.add(token, 1);
      return true;
    });
  }
  return counts;
}

TokenCounts count_tokens(const Tokenizer& tokenizer, std::span<const std::string> texts, int threads) {
  const size_t num_chunks = num_text_chunks(texts.size(), threads);
  std::vector<TokenCounts> chunks(num_chunks);
  for_each_chunk(texts.size(), num_chunks, [&](size_t chunk, size_t begin, size_t end) {
    chunks[chunk] = count_tokens(tokenizer, texts.subspan(begin, end - begin));
  });
  TokenCounts all = std::move(chunks[0]);
  for (const TokenCounts& chunk : std::span(chunks).subspan(1)) {
    for (int32_t i = 0; i < chunk.tokens.size(); ++i)
      all.add(chunk.tokens.token(i), chunk.counts[static_cast<size_t>(i)]);
  }
  return all;
}

}  // namespace

Vocabulary learn_vocabulary(const TextConfig& config, std::span<const std::string> texts, int threads) {
  const TokenCounts all = count_tokens(Tokenizer(config), texts, threads);
  std::vector<int32_t> order;
  for (int32_t i = 0; i < all.tokens.size(); ++i) {
    if (all.counts[static_cast<size_t>(i)] >= config.min_count) order.push_back(i);
  }
  const auto more_frequent = [&](int32_t a, int32_t b) {
    const int64_t count_a = all.counts[static_cast<size_t>(a)];
    const int64_t count_b = all.counts[static_cast<size_t>(b)];
    return count_a != count_b ? count_a > count_b : all.tokens.token(a) > all.tokens.token(b);
  };
  const size_t room =
      config.max_tokens ? static_cast<size_t>(std::max<int64_t>(0, *config.max_tokens - 2)) : kNoLimit;
  const auto kept_end = order.begin() + static_cast<int64_t>(std::min(room, order.size()));
  std::partial_sort(order.begin(), kept_end, order.end(), more_frequent);
  std::vector<std::string> tokens;
  for (auto it = order.begin(); it != kept_end; ++it) tokens.emplace_back(all.tokens.token(*it));
  return Vocabulary(std::move(tokens));
}

}  // namespace bernoulli

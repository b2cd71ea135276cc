#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/stop.h"
#include "text/parallel_chunks.h"
#include "text/token_counts.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

TokenCounts count_tokens(const Tokenizer& tokenizer, const TextList& texts, size_t begin, size_t end) {
  TokenCounts counts;
  TokenBuffers buffers;
  for (size_t i = begin; i < end; ++i) {
    throw_if_stopped();
    tokenizer.for_each_ngram(tokenizer.tokens(texts[i], kNoLimit, buffers), [&](std::string_view token) {
      counts.add_readable(token);
      return true;
    });
  }
  return counts;
}

TokenCounts count_tokens(const Tokenizer& tokenizer, const TextList& texts, int threads) {
  const size_t num_chunks = num_text_chunks(texts.size(), threads);
  std::vector<TokenCounts> chunks(num_chunks);
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

  bool more_frequent_than(const CountedToken& other) const {
    return count != other.count ? count > other.count : token > other.token;
  }
};

}  // namespace

Vocabulary learn_vocabulary(const TextConfig& config, const TextList& texts, int threads, ScanKernel kernel) {
  const TokenCounts counts = count_tokens(Tokenizer(config, kernel), texts, threads);
  std::vector<CountedToken> candidates;
  counts.for_each([&](std::string_view token, int64_t count) {
    if (count >= config.min_count && token.size() <= kLongestLearnedToken)
      candidates.push_back({std::string(token), count});
  });
  const size_t room =
      config.max_tokens ? static_cast<size_t>(std::max<int64_t>(0, *config.max_tokens - 2)) : kNoLimit;
  const size_t num_kept = std::min(room, candidates.size());
  if (num_kept > std::numeric_limits<int32_t>::max() - 2)
    throw DataError("more than 2^31 - 3 distinct tokens; use text.hashing, or fewer n-grams");
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(num_kept),
                    candidates.end(),
                    [](const CountedToken& a, const CountedToken& b) { return a.more_frequent_than(b); });
  std::vector<std::string> tokens;
  tokens.reserve(num_kept);
  for (size_t i = 0; i < num_kept; ++i) tokens.push_back(std::move(candidates[i].token));
  return Vocabulary(std::move(tokens));
}

}  // namespace bernoulli

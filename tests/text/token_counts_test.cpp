#include "text/token_counts.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "text/text_config.h"
#include "text/tokenizer.h"

namespace bernoulli {
namespace {

using Counts = std::map<std::vector<uint32_t>, int64_t>;

Counts counts_of(const NgramCounts& ngrams) {
  Counts counts;
  ngrams.for_each([&](int64_t count, std::span<const uint32_t> tokens) {
    EXPECT_EQ(counts.count({tokens.begin(), tokens.end()}), 0u);
    counts[{tokens.begin(), tokens.end()}] = count;
  });
  return counts;
}

std::vector<uint32_t> random_tokens(Random& random, uint64_t num_distinct) {
  std::vector<uint32_t> tokens(random.below(300));
  for (uint32_t& token : tokens) token = static_cast<uint32_t>(random.below(1 + random.below(num_distinct)));
  return tokens;
}

TEST(NgramCounts, CountsEveryWidthAsAMapDoes) {
  Random random(1);
  for (const size_t width : {1, 2, 3, 4, 5, 16, 17}) {
    NgramCounts ngrams(width);
    Counts expected;
    for (int text = 0; text < 200; ++text) {
      const std::vector<uint32_t> tokens = random_tokens(random, 1000);
      ngrams.add(tokens);
      for (size_t i = 0; i + width <= tokens.size(); ++i)
        ++expected[{tokens.data() + i, tokens.data() + i + width}];
    }
    EXPECT_EQ(counts_of(ngrams), expected) << width;
  }
}

TEST(NgramCounts, AddsThoseOfAnotherNumbering) {
  Random random(2);
  for (const size_t width : {1, 2, 3}) {
    NgramCounts here(width), there(width), together(width);
    std::vector<uint32_t> numbers(500);
    std::iota(numbers.begin(), numbers.end(), 4294966000u);
    for (size_t i = numbers.size() - 1; i > 0; --i) std::swap(numbers[i], numbers[random.below(i + 1)]);
    for (int text = 0; text < 100; ++text) {
      std::vector<uint32_t> tokens = random_tokens(random, 500);
      there.add(tokens);
      for (uint32_t& token : tokens) token = numbers[token];
      together.add(tokens);
      if (text % 2 == 0) continue;
      here.add(tokens);
      together.add(tokens);
    }
    here.add(there, numbers);
    EXPECT_EQ(counts_of(here), counts_of(together)) << width;
  }
}

TEST(TokenNumbers, NumberTokensOfAnySizeInTheOrderOfTheirFirst) {
  Random random(3);
  std::map<std::string, uint32_t> expected;
  std::vector<std::string> order;
  TokenNumbers numbers, others;
  const Tokenizer tokenizer((TextConfig()));
  TokenBuffers buffers;
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (int word = 0; word < 50; ++word) {
      text += std::string(random.below(20), static_cast<char>(random.below(3) + 'a')) + '\0';
      text += std::to_string(random.below(2000)) + ' ';
    }
    const TokenSpans& tokens = tokenizer.tokens(text, text.size(), buffers);
    std::vector<uint32_t> found(tokens.size());
    numbers.number(tokens, 0, tokens.size(), found.data());
    if (i % 2 == 0) {
      std::vector<uint32_t> ignored(tokens.size());
      others.number(tokens, 0, tokens.size(), ignored.data());
    }
    for (size_t k = 0; k < tokens.size(); ++k) {
      const std::string token(tokens[k]);
      if (expected.emplace(token, order.size()).second) order.push_back(token);
      ASSERT_EQ(found[k], expected[token]);
    }
  }
  ASSERT_EQ(numbers.size(), order.size());
  for (uint32_t i = 0; i < order.size(); ++i) ASSERT_EQ(numbers.token(i), order[i]);

  const std::vector<uint32_t> theirs = others.number(numbers);
  for (uint32_t i = 0; i < order.size(); ++i) ASSERT_EQ(others.token(theirs[i]), order[i]);
  EXPECT_EQ(others.size(), order.size());
}

/// Longer than the words whose numbers are in memory at a time, which n-grams reach over.
TEST(TokenCounts, CountTheNgramsOfALongText) {
  Random random(4);
  std::vector<std::string> words;
  std::string text;
  for (int i = 0; i < 10000; ++i) {
    words.push_back(std::to_string(random.below(200)));
    text += words.back() + " ";
  }
  std::map<std::string, int64_t> expected, found;
  for (const size_t width : {1, 2, 3}) {
    for (size_t i = 0; i + width <= words.size(); ++i) {
      std::string ngram = words[i];
      for (size_t k = 1; k < width; ++k) ngram += " " + words[i + k];
      ++expected[ngram];
    }
  }
  TokenCounts counts({1, 2, 3});
  TokenBuffers buffers;
  counts.add(Tokenizer(TextConfig()).tokens(text, Tokenizer::kNoLimit, buffers));
  counts.for_each([&](int64_t count, const auto& token) { found[std::string(token())] += count; });
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace bernoulli

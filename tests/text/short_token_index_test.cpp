#include "text/short_token_index.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

std::string random_word(Random& random, size_t size) {
  std::string word;
  for (size_t i = 0; i < size; ++i) word.push_back(static_cast<char>('a' + random.below(8)));
  return word;
}

TEST(ShortKey, TellsATokenFromThatTokenAndNulBytes) {
  const std::string nul(1, '\0');
  const Vectorizer vectorizer({}, Vocabulary({nul, "a", "a" + nul, "a" + nul + nul, nul + nul}));
  std::vector<int32_t> ids;
  vectorizer.append_ids("a" + nul + nul + " a" + nul + " a " + nul + nul + " " + nul + " b" + nul, ids);
  EXPECT_THAT(ids, ::testing::ElementsAre(5, 4, 3, 6, 2, 1));
}

TEST(ShortKey, LooksUpTokensAroundTheLengthOfAShortKey) {
  std::vector<std::string> tokens;
  for (size_t size = 1; size < 40; ++size) tokens.emplace_back(size, 'a');
  const Vectorizer vectorizer({}, Vocabulary(tokens));
  for (size_t size = 1; size < 40; ++size) {
    std::vector<int32_t> ids;
    vectorizer.append_ids(std::string(size, 'a') + " " + std::string(size, 'a') + "b", ids);
    EXPECT_THAT(ids, ::testing::ElementsAre(static_cast<int32_t>(size + 1), kUnknownId));
  }
}

TEST(ShortTokenIndex, FindsEveryKeyAndNoOther) {
  Random random(21);
  for (const size_t size : {0, 1, 2, 3, 100, 30000}) {
    std::set<std::string> tokens;
    while (tokens.size() < size) tokens.insert(random_word(random, 1 + random.below(15)));
    std::vector<ShortKey> keys;
    for (const std::string& token : tokens) keys.push_back(ShortKey::of(token));
    const std::optional<ShortTokenIndex> index = ShortTokenIndex::build(keys);
    ASSERT_TRUE(index.has_value());
    for (size_t i = 0; i < keys.size(); ++i) ASSERT_EQ(index->find(keys[i]), i + 1);
    for (int i = 0; i < 1000; ++i) {
      const std::string token = random_word(random, 1 + random.below(15));
      if (!tokens.contains(token)) {
        ASSERT_EQ(index->find(ShortKey::of(token)), 0u) << token;
      }
    }
  }
}

}  // namespace
}  // namespace bernoulli

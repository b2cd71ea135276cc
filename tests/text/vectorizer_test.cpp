#include "text/vectorizer.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "text/text_config.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::step;
using testing::text_config;
using testing::tutorial_config;

std::vector<int32_t> ids_of(const Vectorizer& vectorizer, std::string_view text) {
  std::vector<int32_t> ids;
  vectorizer.append_ids(text, ids);
  return ids;
}

TextConfig hashing_config(int64_t buckets) {
  TextConfig config;
  config.hash_buckets = buckets;
  return config;
}

template <typename Action>
void expect_usage_error(const Action& action, const std::string& message) {
  try {
    action();
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Vectorizer, LooksUpStandardizedWordsAndMarksUnknownOnes) {
  const Vectorizer vectorizer(tutorial_config(), Vocabulary({"the", "movie", "dont"}));
  EXPECT_THAT(ids_of(vectorizer, "The<br />movie, Don't!"), ElementsAre(2, 3, 4));
  EXPECT_THAT(ids_of(vectorizer, "the xyz"), ElementsAre(2, kUnknownId));
  EXPECT_THAT(ids_of(vectorizer, ""), IsEmpty());
  EXPECT_THAT(ids_of(vectorizer, " \t ... "), IsEmpty());
}

TEST(Vectorizer, AppendsAfterIdsThatAreThere) {
  const Vectorizer vectorizer({}, Vocabulary({"a"}));
  std::vector<int32_t> ids = {7};
  vectorizer.append_ids("a b", ids);
  EXPECT_THAT(ids, ElementsAre(7, 2, 1));
}

TEST(Vectorizer, SplitsAtTheSixAsciiWhiteSpaceBytesOnly) {
  const Vectorizer vectorizer({}, Vocabulary({"a"}));
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'a', static_cast<char>(byte), 'a'};
    const bool separates = byte == ' ' || (byte >= 9 && byte <= 13);
    if (separates) {
      EXPECT_THAT(ids_of(vectorizer, text), ElementsAre(2, 2)) << "byte " << byte;
    } else {
      EXPECT_THAT(ids_of(vectorizer, text), ElementsAre(1)) << "byte " << byte;
    }
  }
}

TEST(Vectorizer, SplitsCharactersAtCodePointsAndBrokenBytesSingly) {
  TextConfig config;
  config.split = "character";
  const Vectorizer vectorizer(config, Vocabulary({"a", "\u00E9", "\U0001F600", " ", "\xE2", "\x82"}));
  EXPECT_THAT(ids_of(vectorizer, "a\u00E9 \U0001F600"), ElementsAre(2, 3, 5, 4));
  EXPECT_THAT(ids_of(vectorizer, "\xE2\x82"), ElementsAre(6, 7));
  EXPECT_THAT(ids_of(vectorizer,
                     "\xE2\x82"
                     "a"),
              ElementsAre(6, 7, 2));
}

TEST(Vectorizer, GivesAllNgramsOfOneWidthBeforeTheNext) {
  TextConfig config;
  config.ngrams = {1, 2};
  const Vectorizer vectorizer(config, Vocabulary({"a", "b", "c", "a b", "b c"}));
  EXPECT_THAT(ids_of(vectorizer, "a \t b\nc"), ElementsAre(2, 3, 4, 5, 6));
  EXPECT_THAT(ids_of(vectorizer, "a"), ElementsAre(2));
  config.ngrams = {3};
  EXPECT_THAT(ids_of(Vectorizer(config, Vocabulary({"a b c"})), "a b c x"), ElementsAre(2, 1));
  EXPECT_THAT(ids_of(Vectorizer(config, Vocabulary({"a b c"})), "a b"), IsEmpty());
}

TEST(Vectorizer, JoinsCharactersOfAnNgramWithASpace) {
  TextConfig config;
  config.split = "character";
  config.ngrams = {2};
  EXPECT_THAT(ids_of(Vectorizer(config, Vocabulary({"a b", "b  "})), "ab "), ElementsAre(2, 3));
}

TEST(Vectorizer, CutsAfterTheNgramsAreMade) {
  TextConfig config;
  config.ngrams = {2, 3};
  config.sequence_length = 3;
  const Vectorizer vectorizer(config, Vocabulary({"a b", "b c", "c d", "a b c"}));
  EXPECT_THAT(ids_of(vectorizer, "a b c"), ElementsAre(2, 3, 5));
  EXPECT_THAT(ids_of(vectorizer, "a b c d"), ElementsAre(2, 3, 4));
  EXPECT_THAT(ids_of(vectorizer, "a b c d e f"), ElementsAre(2, 3, 4));
}

TEST(Vectorizer, GivesTheTokensAtSomePlaces) {
  TextConfig config;
  config.ngrams = {1, 3};
  config.sequence_length = 6;
  const Vectorizer vectorizer(config, Vocabulary({"a"}));
  const std::string text = "a b c d";
  Vectorizer::Buffers buffers;
  EXPECT_THAT(vectorizer.tokens(text), ElementsAre("a", "b", "c", "d", "a b c", "b c d"));
  const auto at = [&](const std::vector<size_t>& places) {
    return vectorizer.tokens_at(text, places, buffers);
  };
  EXPECT_EQ(at({0, 1, 2, 3, 4, 5}), vectorizer.tokens(text));
  EXPECT_THAT(at({1, 3, 5}), ElementsAre("b", "d", "b c d"));
  EXPECT_THAT(at({4}), ElementsAre("a b c"));
  EXPECT_THAT(at({}), IsEmpty());
}

// FNV-1a of "a" is e40c292c and of "foobar" is bf9cf968: published test vectors of its authors.
TEST(Vectorizer, HashesWordsWithFnv1a) {
  const Vectorizer vectorizer(hashing_config(1000));
  EXPECT_THAT(ids_of(vectorizer, "a foobar"), ElementsAre(1 + 0xe40c292cu % 1000, 1 + 0xbf9cf968u % 1000));
  EXPECT_EQ(vectorizer.num_ids(), 1001);
  EXPECT_EQ(vectorizer.vocabulary(), nullptr);
}

TEST(Vectorizer, HashesNgramsFromTheHashesOfTheirWords) {
  TextConfig config = hashing_config(2147483646);
  config.ngrams = {2};
  const uint64_t hash = (0xe40c292cull * 116049371ull + 0xbf9cf968ull) & 0xffffffffull;
  EXPECT_THAT(ids_of(Vectorizer(config), "a foobar"),
              ElementsAre(static_cast<int32_t>(1 + hash % 2147483646ull)));
  config.sequence_length = 1;
  EXPECT_THAT(ids_of(Vectorizer(config), "a foobar b c"),
              ElementsAre(static_cast<int32_t>(1 + hash % 2147483646ull)));
}

TEST(Vectorizer, OneBucketGivesEveryTokenTheIdOne) {
  EXPECT_THAT(ids_of(Vectorizer(hashing_config(1)), "a b c"), ElementsAre(1, 1, 1));
}

std::vector<std::string> random_words(size_t num_texts) {
  Random random(5);
  std::vector<std::string> texts(num_texts);
  for (std::string& text : texts) {
    for (uint64_t i = random.below(30); i > 0; --i)
      text += std::string(1, static_cast<char>('a' + random.below(9))) + (random.below(3) ? "" : " ");
  }
  return texts;
}

TEST(Vectorizer, TransformIsTheSameForAnyNumberOfThreads) {
  const std::vector<std::string> texts = random_words(1000);
  TextConfig config;
  config.ngrams = {1, 2};
  config.max_tokens = 300;
  const Vocabulary alone = learn_vocabulary(config, texts, 1);
  const TokenRows expected = Vectorizer(config, alone).transform(texts, 1);
  ASSERT_EQ(expected.size(), 1000);
  for (const int threads : {2, 3, 8}) {
    EXPECT_EQ(learn_vocabulary(config, texts, threads).tokens(), alone.tokens());
    const TokenRows rows = Vectorizer(config, alone).transform(texts, threads);
    EXPECT_EQ(rows.ids, expected.ids);
    EXPECT_EQ(rows.offsets, expected.offsets);
  }
  std::vector<int32_t> one_by_one;
  for (const std::string& text : texts) Vectorizer(config, alone).append_ids(text, one_by_one);
  EXPECT_EQ(one_by_one, expected.ids);
}

/// The rows of a view, one after the other, each with its size in front.
std::vector<int32_t> flat(const TokenView& rows) {
  std::vector<int32_t> all, room;
  for (int64_t i = 0; i < rows.size(); ++i) {
    room.resize(static_cast<size_t>(rows.row_size(i)));
    const auto row = rows.row(i, room.data());
    all.push_back(static_cast<int32_t>(row.size()));
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

TEST(Vectorizer, PacksTheSameRowsForAnyBlocksThreadsAndMemory) {
  const std::vector<std::string> texts = random_words(1000);
  TextConfig wide;
  wide.hash_buckets = 1'000'000;
  TextConfig narrow;
  narrow.hash_buckets = 50;
  for (const TextConfig& config : {wide, narrow}) {
    const Vectorizer vectorizer(config);
    const TokenRows rows = vectorizer.transform(texts);
    const std::vector<int32_t> expected = flat(rows);
    for (const size_t block_bytes : {size_t{1}, size_t{777}, Vectorizer::kBlockBytes}) {
      for (const int threads : {1, 3}) {
        for (const size_t memory : {size_t{0}, SpillSpace::kMemory}) {
          const auto space = std::make_shared<SpillSpace>(std::filesystem::path(), memory);
          const TokenView view = vectorizer.transform_packed(texts, threads, space, block_bytes);
          ASSERT_EQ(flat(view), expected) << block_bytes << " " << threads << " " << memory;
          ASSERT_EQ(view.count(7, expected[1]), std::ranges::count(rows.row(7), expected[1]));
        }
      }
    }
  }
  EXPECT_EQ(Vectorizer(narrow).transform_packed({}, 4, std::make_shared<SpillSpace>()).size(), 0);
}

TEST(LearnVocabulary, LeavesOutTokensOfAbsurdLength) {
  const std::string longest(kLongestLearnedToken, 'x');
  const std::vector<std::string> texts = {"a " + longest + " " + longest + "x", longest + "x"};
  EXPECT_THAT(learn_vocabulary(TextConfig{}, texts).tokens(), ::testing::ElementsAre(longest, "a"));
}

TEST(Vectorizer, TransformsNoTextsToNoRows) {
  EXPECT_EQ(Vectorizer({}, Vocabulary()).transform({}, 4).size(), 0);
}

TEST(Vectorizer, CutsAMegabyteWithoutEndToTheSequenceLength) {
  TextConfig config;
  config.sequence_length = 5;
  std::string text;
  for (int i = 0; i < 500000; ++i) text += "a ";
  EXPECT_THAT(ids_of(Vectorizer(config, Vocabulary({"a"})), text), ElementsAre(2, 2, 2, 2, 2));
}

TEST(Vectorizer, RefusesConfigurationsThatContradictWhatItIsGiven) {
  expect_usage_error([] { Vectorizer(hashing_config(5), Vocabulary()); },
                     "a vectorizer that hashes takes no vocabulary");
  expect_usage_error([] { Vectorizer(TextConfig{}); }, "needs a vocabulary or hashing");
  expect_usage_error([] { Vectorizer(hashing_config(0)); },
                     "text.hashing.buckets: 0 (expected 1 to 2147483646)");
  TextConfig config;
  config.max_tokens = 3;
  expect_usage_error(
      [&] {
        Vectorizer(config, Vocabulary({"a", "b"}));
      },
      "has 4 ids with the two reserved ones, allowed are 3");
  config = {};
  config.sequence_length = 0;
  expect_usage_error([&] { Vectorizer(config, Vocabulary()); }, "text.sequence_length: 0");
  config = {};
  config.split = "words";
  expect_usage_error([&] { Vectorizer(config, Vocabulary()); },
                     "text.split: unknown value 'words' (expected whitespace or character)");
  config = {};
  config.ngrams = {};
  expect_usage_error([&] { Vectorizer(config, Vocabulary()); }, "text.ngrams: an empty list");
  config.ngrams = {0};
  expect_usage_error([&] { Vectorizer(config, Vocabulary()); }, "text.ngrams: 0 is no width");
}

TEST(LearnVocabulary, OrdersByCountAndBreaksTiesByTokenDescending) {
  const std::vector<std::string> texts = {"b a c", "a", "\xFF"};
  EXPECT_THAT(learn_vocabulary({}, texts).tokens(), ElementsAre("a", "\xFF", "c", "b"));
}

TEST(LearnVocabulary, CountsTheTwoReservedIdsAmongMaxTokens) {
  TextConfig config;
  config.max_tokens = 4;
  EXPECT_THAT(learn_vocabulary(config, std::vector<std::string>{"a a b c"}).tokens(), ElementsAre("a", "c"));
  config.max_tokens = 3;
  EXPECT_THAT(learn_vocabulary(config, std::vector<std::string>{"a a b c"}).tokens(), ElementsAre("a"));
}

TEST(LearnVocabulary, LeavesOutRareTokens) {
  TextConfig config;
  config.min_count = 2;
  EXPECT_THAT(learn_vocabulary(config, std::vector<std::string>{"a b", "a c c"}).tokens(),
              ElementsAre("c", "a"));
}

TEST(LearnVocabulary, CountsTokensBeyondTheSequenceLength) {
  TextConfig config;
  config.sequence_length = 1;
  EXPECT_THAT(learn_vocabulary(config, std::vector<std::string>{"a b b"}).tokens(), ElementsAre("b", "a"));
}

TEST(LearnVocabulary, FindsNoTokensInEmptyTexts) {
  EXPECT_EQ(learn_vocabulary({}, std::vector<std::string>{"", "  "}).num_ids(), 2);
  EXPECT_EQ(learn_vocabulary({}, {}).num_ids(), 2);
}

TEST(LearnVocabulary, TokensOfAVocabularyFileSurviveTheRoundTripThroughText) {
  const std::vector<std::string> texts = {std::string("nul\0byte \xFF\xFE caf\u00E9 back\\slash \u0085", 31)};
  const Vocabulary learned = learn_vocabulary({}, texts);
  const Vocabulary read = Vocabulary::parse(learned.to_text(), "vocabulary.txt");
  EXPECT_EQ(read.tokens(), learned.tokens());
  EXPECT_EQ(read.fingerprint(), learned.fingerprint());
}

}  // namespace
}  // namespace bernoulli

// Every way to read bytes against a plain one: the steps one after the other, the words cut at white space
// one byte at a time, and a hash map of the standard library.

#include <algorithm>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "support/reviews.h"
#include "text/hashing.h"
#include "text/plain_steps.h"
#include "text/text_config.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

using testing::mask_step;
using testing::replace_step;
using testing::step;
using testing::text_config;
using testing::tutorial_config;

constexpr ScanKernel kKernels[] = {ScanKernel::kBest, ScanKernel::kAvx2, ScanKernel::kPortable};

std::vector<std::string> plain_words(const TextConfig& config, std::string text) {
  text = testing::plain_standardize(config, text);
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : text) {
    if (!is_whitespace(c) && !in_word) words.emplace_back();
    in_word = !is_whitespace(c);
    if (in_word) words.back().push_back(c);
  }
  return words;
}

std::vector<std::string> plain_ngrams(const TextConfig& config, const std::string& text) {
  const std::vector<std::string> words = plain_words(config, text);
  std::vector<std::string> ngrams;
  for (const int64_t width : config.ngrams) {
    for (size_t i = 0; i + static_cast<size_t>(width) <= words.size(); ++i) {
      std::string ngram = words[i];
      for (size_t k = 1; k < static_cast<size_t>(width); ++k) ngram += " " + words[i + k];
      ngrams.push_back(ngram);
    }
  }
  return ngrams;
}

std::vector<std::string> fast_words(const TextConfig& config, const std::string& text, size_t limit,
                                    ScanKernel kernel) {
  // A block of exactly the text's size: the address sanitizer sees any byte that is read outside it.
  const std::vector<char> exact(text.begin(), text.end());
  TokenBuffers buffers;
  const TokenSpans& tokens = Tokenizer(config, kernel).tokens({exact.data(), exact.size()}, limit, buffers);
  std::vector<std::string> words;
  for (size_t i = 0; i < tokens.size(); ++i) words.emplace_back(tokens[i]);
  return words;
}

void expect_same_words(const TextConfig& config, const std::string& text, const std::string& about) {
  const std::vector<std::string> expected = plain_words(config, text);
  for (const ScanKernel kernel : kKernels) {
    ASSERT_EQ(fast_words(config, text, text.size() + 1000, kernel), expected) << about;
    for (const size_t limit : {size_t{1}, size_t{3}, expected.size()}) {
      std::vector<std::string> first = expected;
      first.resize(std::min(limit, first.size()));
      ASSERT_EQ(fast_words(config, text, limit, kernel), first) << about << ", limit " << limit;
    }
  }
}

/// Texts of the bytes that `alphabet` repeats as often as they are to occur.
std::string random_text(Random& random, const std::string& alphabet, size_t size) {
  std::string text(size, '\0');
  for (char& c : text)
    c = alphabet.empty() ? static_cast<char>(random.below(256)) : alphabet[random.below(alphabet.size())];
  return text;
}

KindConfig random_step(Random& random) {
  const std::vector<KindConfig> steps = {step("lowercase"),
                                         step("strip_punctuation"),
                                         step("collapse_whitespace"),
                                         step("strip_html"),
                                         step("unicode_lowercase"),
                                         step("strip_unicode_punctuation"),
                                         step("unicode_whitespace"),
                                         mask_step("mask_urls", "U"),
                                         mask_step("mask_emails", "a!"),
                                         mask_step("mask_mentions", " "),
                                         mask_step("mask_numbers", "\u00C9"),
                                         replace_step("<br />", " "),
                                         replace_step("a", ""),
                                         replace_step("-", " "),
                                         replace_step("aa", "b"),
                                         replace_step("ab", ""),
                                         replace_step(" ", ""),
                                         replace_step("b ", "xyz"),
                                         replace_step("B", "ba a"),
                                         replace_step("  ", "_"),
                                         replace_step("A", "\t"),
                                         replace_step("!b", "a!"),
                                         replace_step("\n", "b"),
                                         replace_step("k", "\u00C9"),
                                         replace_step("\xC3", "b"),
                                         replace_step("0", "b")};
  return steps[random.below(steps.size())];
}

/// Pieces that the steps on Unicode and the masks look for, and halves of them.
std::string random_pieces(Random& random) {
  static const std::vector<std::string> kPieces = {
      "\u00C9",   "\u212A",   "\u023A", "\u0130", "\u2014", "\uFF0C", "\u00A0", "\u3000", "\u0663", "\xC3",
      "\x89",     "\xE2\x80", "\x94",   "\xE2",   "a",      "A",      "k",      "b",      "B",      "!",
      "0",        "19",       ".",      ",",      " ",      "  ",     "\n",     "-",      "@",      "http://",
      "https://", "www.",     "<br />", "<",      ">",      "a@b.de", "\u4F60"};
  std::string text;
  for (uint64_t i = random.below(60); i > 0; --i) text += kPieces[random.below(kPieces.size())];
  return text;
}

TEST(FastPath, GivesTheWordsOfTheStepsForAnyListOfThem) {
  Random random(11);
  const std::vector<std::string> alphabets = {"", "abAB !-\n", "aabb  ", "<br /><br />abB !.", "ab<> /"};
  for (int trial = 0; trial < 6000; ++trial) {
    TextConfig config;
    std::string about;
    for (uint64_t i = random.below(5); i > 0; --i) {
      config.standardize.push_back(random_step(random));
      about += config.standardize.back().kind + " " +
               config.standardize.back().args.dump(-1, 32, false,
                                                   nlohmann::ordered_json::error_handler_t::replace) +
               " ";
    }
    const size_t choice = random.below(2 * alphabets.size());
    const std::string text = choice < alphabets.size()
                                 ? random_text(random, alphabets[choice], random.below(300))
                                 : random_pieces(random);
    ASSERT_NO_FATAL_FAILURE(expect_same_words(config, text, about + "on '" + text + "'"));
  }
}

TEST(FastPath, CompilesTheUsualStepsCompletely) {
  const auto num_before = [](const TextConfig& config) {
    return compile_steps(standardize_steps(config)).before.size();
  };
  EXPECT_EQ(num_before({}), 0u);
  EXPECT_EQ(num_before(tutorial_config()), 0u);
  EXPECT_EQ(
      num_before(text_config({step("strip_punctuation"), step("lowercase"), step("collapse_whitespace")})),
      0u);
  EXPECT_EQ(num_before(text_config({replace_step("<br />", " "), replace_step("'", ""), step("lowercase")})),
            0u);
  // After strip_punctuation no "<br />" is left to be found.
  EXPECT_EQ(num_before(text_config({step("strip_punctuation"), replace_step("<br />", " ")})), 0u);
  EXPECT_EQ(num_before(text_config({step("lowercase"), step("strip_html"), step("strip_punctuation")})), 2u);
  // "a.b" becomes "ab", which the text does not have in one piece.
  EXPECT_EQ(num_before(text_config({step("strip_punctuation"), replace_step("ab", "c")})), 1u);
  EXPECT_EQ(num_before(text_config({step("collapse_whitespace"), replace_step("a b", "c")})), 1u);
}

TEST(FastPath, FindsTheLiteralAndWordEndsAtEveryPlaceInABlock) {
  for (size_t size = 0; size < 140; ++size) {
    const std::string words = std::string(size, 'a');
    for (const char* const tail :
         {"", "<br />", "<BR />b", "<br /", "<br /><br />c", " ", "  b", ".", ". b", "<"}) {
      ASSERT_NO_FATAL_FAILURE(expect_same_words(tutorial_config(), words + tail, words + tail));
      ASSERT_NO_FATAL_FAILURE(expect_same_words(tutorial_config(), tail + words, tail + words));
    }
  }
}

TEST(FastPath, ReadsTokensOfAMegabyteAndTextsOfDeletedBytes) {
  const std::string huge(1 << 20, 'x');
  expect_same_words(tutorial_config(), huge, "one token");
  expect_same_words(tutorial_config(), "a " + huge + "<br />b", "one token among others");
  expect_same_words(tutorial_config(), std::string(1000, '.'), "only punctuation");
  expect_same_words(tutorial_config(), std::string(1000, ' ') + "a", "white space");
  std::string single;
  for (int i = 0; i < 1000; ++i) single += "a ";
  expect_same_words(tutorial_config(), single, "as many tokens as there can be");
  expect_same_words(text_config({replace_step("b", std::string(200, 'y') + " z z z")}), "abba b",
                    "a long replacement");
}

/// Ids and vocabulary of the texts, both ways.
void expect_same_ids(TextConfig config, const std::vector<std::string>& texts) {
  std::unordered_map<std::string, int64_t> counts;
  for (const std::string& text : texts) {
    for (const std::string& ngram : plain_ngrams(config, text)) ++counts[ngram];
  }
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [token, count] : counts) {
    if (count >= config.min_count) order.emplace_back(count, token);
  }
  std::sort(order.rbegin(), order.rend());
  std::unordered_map<std::string, int32_t> ids;
  const size_t room = config.max_tokens ? static_cast<size_t>(*config.max_tokens - 2) : order.size();
  for (size_t i = 0; i < std::min(room, order.size()); ++i)
    ids[order[i].second] = static_cast<int32_t>(i + 2);

  int threads = 0;
  for (const ScanKernel kernel : kKernels) {
    const Vocabulary vocabulary = learn_vocabulary(config, texts, ++threads, kernel);
    ASSERT_EQ(vocabulary.tokens().size(), ids.size());
    for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(vocabulary.tokens()[i], order[i].second);
    const TokenRows rows = Vectorizer(config, vocabulary, kernel).transform(texts, 2);
    for (size_t i = 0; i < texts.size(); ++i) {
      std::vector<int32_t> expected;
      for (const std::string& ngram : plain_ngrams(config, texts[i])) {
        const auto found = ids.find(ngram);
        expected.push_back(found == ids.end() ? kUnknownId : found->second);
      }
      if (config.sequence_length)
        expected.resize(std::min(expected.size(), static_cast<size_t>(*config.sequence_length)));
      const std::span<const int32_t> row = rows.row(static_cast<int64_t>(i));
      ASSERT_EQ(std::vector<int32_t>(row.begin(), row.end()), expected) << "text " << i;
    }
  }
}

TEST(FastPath, LooksUpTheIdsOfRandomBytes) {
  Random random(3);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i)
    texts.push_back(random_text(random, i % 2 ? "" : std::string("aab\0  .<", 8), random.below(400)));
  TextConfig config = tutorial_config();
  expect_same_ids(config, texts);
  config.max_tokens = 40;
  expect_same_ids(config, texts);
  config.ngrams = {1, 2};
  config.sequence_length = 30;
  expect_same_ids(config, texts);
  config.ngrams = {3};
  config.max_tokens = 500;
  expect_same_ids(config, texts);
}

/// Texts of words of 1 to 40 bytes, some of them far more often than others.
std::vector<std::string> texts_of_words(Random& random, size_t num_words, size_t num_texts,
                                        uint64_t max_size) {
  std::vector<std::string> words(num_words);
  for (std::string& word : words) {
    const uint64_t longest = random.below(5) == 0 ? 40 : 9;
    word = random_text(random, std::string("abcdexyz\0\xFF", 10), 1 + random.below(longest));
  }
  std::vector<std::string> texts(num_texts);
  for (std::string& text : texts) {
    for (uint64_t i = random.below(max_size); i > 0; --i)
      text += words[random.below(1 + random.below(1 + random.below(num_words)))] + ' ';
  }
  return texts;
}

TEST(FastPath, CountsAndLooksUpNgramsOfManyWords) {
  Random random(5);
  const std::vector<std::string> texts = texts_of_words(random, 2000, 200, 120);
  TextConfig config = tutorial_config();
  for (const std::vector<int64_t>& widths :
       std::vector<std::vector<int64_t>>{{1}, {2}, {1, 2}, {1, 2, 3}, {3, 16}}) {
    config.ngrams = widths;
    config.max_tokens = std::nullopt;
    config.min_count = 1;
    ASSERT_NO_FATAL_FAILURE(expect_same_ids(config, texts));
    config.max_tokens = 1500;  // among tokens that are equally rare
    ASSERT_NO_FATAL_FAILURE(expect_same_ids(config, texts));
    config.min_count = 3;
    ASSERT_NO_FATAL_FAILURE(expect_same_ids(config, texts));
    config.max_tokens = 2;
    ASSERT_NO_FATAL_FAILURE(expect_same_ids(config, texts));
  }
}

TEST(FastPath, CountsCharactersAndTheirNgrams) {
  TextConfig config;
  config.split = "character";
  config.ngrams = {1, 3, 4};
  // "a  b" is a, space, b joined, and no other n-gram.
  EXPECT_THAT(learn_vocabulary(config, std::vector<std::string>{"a b", "a b"}).tokens(),
              ::testing::ElementsAre("b", "a   b", "a", " "));
}

TEST(FastPath, HashesTheWordsOfTheSteps) {
  TextConfig config = tutorial_config();
  config.hash_buckets = 1000;
  Random random(8);
  std::vector<std::string> texts = texts_of_words(random, 100, 100, 100);
  for (int trial = 0; trial < 200; ++trial)
    texts.push_back(random_text(random, trial % 2 ? "" : "abcdefgh  .<br />", random.below(500)));
  for (size_t size = 0; size < 70; ++size)
    texts.push_back(std::string(size, 'x') + " y " + std::string(size, 'z'));
  for (const std::string& text : texts) {
    std::vector<int32_t> expected;
    for (const std::string& word : plain_words(config, text)) {
      uint32_t hash = 2166136261u;
      for (const char c : word) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
      expected.push_back(static_cast<int32_t>(1 + hash % 1000));
    }
    for (const ScanKernel kernel : kKernels) {
      std::vector<int32_t> ids;
      Vectorizer(config, kernel).append_ids(text, ids);
      ASSERT_EQ(ids, expected);
    }
  }
}

TEST(FastPath, HashesNgramsUpToTheLength) {
  TextConfig config = tutorial_config();
  config.hash_buckets = 2147483646;
  config.ngrams = {1, 2, 5};
  Random random(9);
  for (const std::string& text : texts_of_words(random, 100, 50, 50)) {
    const std::vector<std::string> words = plain_words(config, text);
    std::vector<int32_t> expected;
    for (const size_t width : {1, 2, 5}) {
      for (size_t i = 0; i + width <= words.size(); ++i) {
        uint32_t hash = hash_word(words[i]);
        for (size_t k = 1; k < width; ++k) hash = hash * 116049371u + hash_word(words[i + k]);
        expected.push_back(static_cast<int32_t>(1 + hash % 2147483646u));
      }
    }
    for (const size_t length : {size_t{1}, size_t{7}, words.size() + 1, expected.size() + 1}) {
      config.sequence_length = static_cast<int64_t>(length);
      std::vector<int32_t> first = expected;
      first.resize(std::min(length, first.size()));
      for (const ScanKernel kernel : kKernels) {
        std::vector<int32_t> ids;
        Vectorizer(config, kernel).append_ids(text, ids);
        ASSERT_EQ(ids, first);
      }
    }
  }
}

TEST(FastPath, GivesTheIdsOfAllReviews) {
  const auto folder = testing::reviews();
  if (!folder) GTEST_SKIP() << testing::kNoReviews;
  std::vector<std::string> texts = testing::review_texts(*folder);
  const std::filesystem::path test = folder->parent_path() / "test";
  if (std::filesystem::exists(test)) {
    for (std::string& text : testing::review_texts(test)) texts.push_back(std::move(text));
  }
  ASSERT_FALSE(texts.empty());
  TextConfig config = tutorial_config();
  config.max_tokens = 10000;
  expect_same_ids(config, texts);
  config.ngrams = {1, 2};
  texts.resize(std::min<size_t>(texts.size(), 10000));
  expect_same_ids(config, texts);
}

}  // namespace
}  // namespace bernoulli

// The differential test of the byte specification: the trainer's vectorizer against the TorchScript of an
// exported file.
#include "export/script_writer.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/error.h"
#include "core/random.h"
#include "export/script_vectorizer.h"
#include "support/reviews.h"
#include "text/text_config.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

using testing::mask_step;
using testing::replace_step;
using testing::step;
using testing::text_config;
using testing::tutorial_config;

/// The script of a vectorizer, saved and loaded again as in an exported file.
torch::jit::Module saved_script(const Vectorizer& vectorizer) {
  torch::jit::Module module("Script");
  define_vectorizer(module, vectorizer);
  std::stringstream file;
  module.save(file);
  return torch::jit::load(file);
}

at::Tensor run_vectorize(torch::jit::Module& module, const std::vector<std::string>& texts) {
  c10::List<std::string> list;
  for (const std::string& text : texts) list.push_back(text);
  return module.run_method("vectorize", list).toTensor();
}

/// Rows of the script against rows of the trainer, one by one so that a difference names its text.
void expect_same_ids(torch::jit::Module& script, const Vectorizer& vectorizer,
                     const std::vector<std::string>& texts) {
  const TokenRows rows = vectorizer.transform(texts);
  int64_t length = 1;
  for (int64_t i = 0; i < rows.size(); ++i)
    length = std::max(length, static_cast<int64_t>(rows.row(i).size()));
  const at::Tensor ids = run_vectorize(script, texts);
  ASSERT_EQ(ids.scalar_type(), at::kLong);
  ASSERT_EQ(ids.sizes(),
            (std::vector<int64_t>{rows.size(), vectorizer.config().sequence_length.value_or(length)}));
  for (int64_t i = 0; i < rows.size(); ++i) {
    std::vector<int64_t> expected(rows.row(i).begin(), rows.row(i).end());
    expected.resize(static_cast<size_t>(ids.size(1)), kPaddingId);
    const int64_t* row = ids.const_data_ptr<int64_t>() + i * ids.size(1);
    ASSERT_EQ(std::vector<int64_t>(row, row + ids.size(1)), expected)
        << "text " << i << ": " << ::testing::PrintToString(texts[static_cast<size_t>(i)]);
  }
}

void expect_same_ids(const Vectorizer& vectorizer, const std::vector<std::string>& texts) {
  torch::jit::Module script = saved_script(vectorizer);
  expect_same_ids(script, vectorizer, texts);
}

std::string random_text(Random& random, const std::vector<std::string>& pieces) {
  std::string text;
  for (uint64_t i = random.below(40); i > 0; --i) text += pieces[random.below(pieces.size())];
  return text;
}

/// Every byte alone and between letters, text in several scripts, pieces that steps look for, and random
/// mixtures of all.
std::vector<std::string> odd_texts() {
  std::vector<std::string> bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(std::string(1, static_cast<char>(i)));
  const std::vector<std::string> pieces = {"a",
                                           "b",
                                           "The",
                                           " ",
                                           "  ",
                                           "\t",
                                           "\r\n",
                                           "<br />",
                                           "<",
                                           ">",
                                           "<i>",
                                           "aa",
                                           "don't",
                                           "!",
                                           "...",
                                           "\u00E9",
                                           "\u00C9",
                                           "\u201Cquoted\u201D",
                                           "\u2026",
                                           "\u00A0",
                                           "\u0085",
                                           "\u2028",
                                           "\u4F60\u597D",
                                           "\u043F\u0440\u0438\u0432\u0435\u0442",
                                           "\u0645\u0631",
                                           "\U0001F600",
                                           "e\u0301",
                                           "\xC3",
                                           "\xE2\x82",
                                           "\xF0\x9F\x98",
                                           "\xED\xA0\x80",
                                           "\xC0\x80",
                                           "\xF4\x90\x80\x80",
                                           "\xFF",
                                           std::string(1, '\0'),
                                           "\\",
                                           "\"",
                                           "'",
                                           "%s",
                                           "{}",
                                           "https://a.b/c",
                                           "www.",
                                           "x@y.de",
                                           "@name",
                                           "3.14",
                                           "1,000",
                                           "\u0663",
                                           "\u0130",
                                           "\u212A",
                                           "\u0416",
                                           "\u2014",
                                           "\u3000"};
  std::vector<std::string> texts = {
      "", " ", "\t\n", "<", ">", "<>", "a<b<c>d>e", std::string(3, '\0'), std::string(700, 'x')};
  for (const std::string& byte : bytes) {
    texts.push_back(byte);
    texts.push_back("a" + byte + "b");
    texts.push_back("a " + byte + byte);
  }
  Random random(11);
  for (int i = 0; i < 150; ++i) texts.push_back(random_text(random, pieces));
  for (int i = 0; i < 100; ++i) texts.push_back(random_text(random, bytes));
  for (int i = 0; i < 5; ++i) {  // longer than what str.replace is used for
    std::string& text = texts.emplace_back();
    while (text.size() < 6000) text += random_text(random, pieces);
  }
  for (const int words : {24, 25, 26, 49, 50, 51, 76, 130}) {  // around those that are looked up at once
    std::string& text = texts.emplace_back();
    for (int i = 0; i < words; ++i) text += pieces[random.below(3)] + " ";
  }
  for (int lead = 0xC0; lead < 0x100; ++lead) {  // the borders of UTF-8 validity
    for (const int second : {0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0}) {
      texts.push_back({static_cast<char>(lead), static_cast<char>(second), '\x80', '\xBF', 'z'});
    }
  }
  return texts;
}

// Between the two there is every step.
TextConfig byte_steps() {
  return text_config({step("strip_html"), step("collapse_whitespace"), step("lowercase"),
                      replace_step("<br />", " "), step("strip_punctuation")});
}
TextConfig unicode_steps_and_masks() {
  return text_config({step("unicode_whitespace"), step("unicode_lowercase"), mask_step("mask_urls", " URL "),
                      mask_step("mask_emails", "EMAIL"), mask_step("mask_mentions", "USER"),
                      mask_step("mask_numbers", "NUMBER"), step("strip_unicode_punctuation")});
}

std::vector<TextConfig> standardizations() {
  return {text_config({}),
          text_config({step("lowercase")}),
          text_config({step("strip_punctuation")}),
          text_config({step("collapse_whitespace")}),
          text_config({step("strip_html")}),
          tutorial_config(),
          text_config({replace_step("a", "aa"), replace_step("aa", "b"), replace_step("\u00E9", "e")}),
          text_config({replace_step(std::string("\0", 1), "\\\"'\n\t "), replace_step("\xFF", "\xC3\xA9")}),
          text_config({replace_step("\\", ""), replace_step("\"", "%"), replace_step("\xC3", "")}),
          byte_steps(),
          text_config({step("unicode_lowercase")}),
          text_config({step("strip_unicode_punctuation")}),
          text_config({step("unicode_whitespace")}),
          text_config({mask_step("mask_urls", "URL")}),
          text_config({mask_step("mask_emails", "\u00E9 \n\"")}),
          text_config({mask_step("mask_mentions", "@a")}),
          text_config({mask_step("mask_numbers", "0.0")}),
          unicode_steps_and_masks(),
          text_config({step("strip_unicode_punctuation"), step("unicode_lowercase"), step("lowercase"),
                       mask_step("mask_numbers", "N"), step("unicode_whitespace"),
                       step("collapse_whitespace"), mask_step("mask_numbers", "M")})};
}

struct Division {
  const char* split;
  std::vector<int64_t> ngrams;
  bool hashing;
  int64_t sequence_length;  ///< 0: unbounded
  size_t first = 0;         ///< of each three standardizations this one is met
  size_t step = 3;          ///< 1: all of them
};

/// Once for each kind of split all standardizations; else thirds of them that take turns, so that each still
/// meets every kind of ids.
class SplitAndNgrams : public ::testing::TestWithParam<Division> {};

TEST_P(SplitAndNgrams, ScriptGivesTheTrainersIdsForAllBytes) {
  const auto& [split, ngrams, hashing, sequence_length, first, step] = GetParam();
  const std::vector<std::string> texts = odd_texts();
  std::vector<std::string> longest, others;  // apart, as all rows of a call are as long as the longest
  std::ranges::partition_copy(texts, std::back_inserter(longest), std::back_inserter(others),
                              [](const std::string& text) { return text.size() >= 6000; });
  ASSERT_EQ(longest.size(), 5u);
  const std::vector<TextConfig> all = standardizations();
  for (size_t i = first; i < all.size(); i += step) {
    TextConfig config = all[i];
    config.split = split;
    config.ngrams = ngrams;
    if (sequence_length > 0) config.sequence_length = sequence_length;
    if (hashing) {
      config.hash_buckets = 1000003;
    } else {
      config.max_tokens = 2000;
    }
    const Vectorizer vectorizer =
        hashing ? Vectorizer(config) : Vectorizer(config, learn_vocabulary(config, texts));
    torch::jit::Module script = saved_script(vectorizer);
    for (const std::vector<std::string>* some : {&others, &longest}) {
      expect_same_ids(script, vectorizer, *some);
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    ScriptWriter, SplitAndNgrams,
    ::testing::Values(Division{"whitespace", {1}, false, 0, 0, 1}, Division{"whitespace", {1}, false, 5, 0},
                      Division{"whitespace", {1}, false, 25, 1}, Division{"whitespace", {1}, false, 60, 2},
                      Division{"whitespace", {1}, false, 600, 0}, Division{"whitespace", {1, 2}, false, 7, 1},
                      Division{"whitespace", {2, 3}, true, 0, 2}, Division{"whitespace", {1, 3}, true, 4, 0},
                      Division{"character", {1}, false, 0, 0, 1}, Division{"character", {1}, false, 6, 0},
                      Division{"character", {1, 2, 3}, true, 20, 1},
                      Division{"character", {2}, false, 1, 2}));

/// Up to 200 bytes without any sense: of one alphabet out of several, in runs of one piece up to 60 times.
std::string hostile_text(Random& random) {
  static const std::vector<std::vector<std::string>> kAlphabets = {
      {"a", "b", "A", "B", " ", "<", ">", "/", "br"},
      {"<br />", "<br/>", "<BR />", "<", ">", "< ", "b", " ", "'"},
      {"\xC3", "\xA9", "\xE2", "\x82", "\xED", "\xA0", "\x80", "\xF0", "\xF4", "\x90", "\xC0", "\xFF", "\xE0",
       "\xBF", "a"},
      {"\u00E9", "\u4F60", "\U0001F600", "e\u0301", "\u2028", "\u0085", "\uFEFF", " ", "a"},
      {std::string(1, '\0'), "\\", "\"", "%", "\n", "\r", "\t", "\v", "\f", "\x1F", "\x7F", "aa"},
      {"http://", "https://", "www.", "http", "://", "w", ".", "a", "Z", "1", "\xC3", "\xE9", "\u4F60", "<",
       " "},
      {"@", ".", "-", "_", "+", "a", "B.", "7", "@x", "\u00E9", "..", "a@b.c", " "},
      {"0", "7", "42", ".", ",", "\u0663", "\uFF15", "\xD9", "\xA3", "\U0001D7D8", "a", " "},
      {"\u00C9",     "\u0130", "\u212A", "\u023A", "\u1E9E", "\u0410", "\u0460", "\u03A3",
       "\U00010400", "\uFF21", "k",      "\u2014", "\u3002", "\u00A0", "\u3000", "\xE2\x84",
       "\xE2\x80",   "\x94",   "\xC3",   "\x89",   "!",      " "}};
  const size_t choice = random.below(kAlphabets.size() + 1);
  std::string text;
  for (uint64_t i = random.below(30); i > 0 && text.size() < 200; --i) {
    const std::string piece = choice == kAlphabets.size()
                                  ? std::string(1, static_cast<char>(random.below(256)))
                                  : kAlphabets[choice][random.below(kAlphabets[choice].size())];
    for (uint64_t times = random.below(8) == 0 ? random.below(60) : 1; times > 0; --times) text += piece;
  }
  return text;
}

TextConfig any_config(Random& random) {
  const std::vector<TextConfig> all = standardizations();
  TextConfig config = all[random.below(all.size())];
  config.split = random.below(3) == 0 ? "character" : "whitespace";
  config.ngrams = std::vector<std::vector<int64_t>>{{1}, {1, 2}, {2}, {1, 2, 3}, {3}}[random.below(5)];
  if (random.below(2) == 0) config.sequence_length = 1 + static_cast<int64_t>(random.below(40));
  return config;
}

/// Fuzzing against the exported script. BERNOULLI_FUZZ_TEXTS: how many (./dev soak fuzz asks for more),
/// seeded by BERNOULLI_FAULT_SEED.
TEST(ScriptWriter, GivesTheTrainersIdsForHostileTexts) {
  const auto number = [](const char* name, uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : std::stoull(value);
  };
  Random random(number("BERNOULLI_FAULT_SEED", 1));
  constexpr uint64_t kTextsAConfig = 400;
  for (uint64_t taken = 0; taken < number("BERNOULLI_FUZZ_TEXTS", 6000); taken += kTextsAConfig) {
    std::vector<std::string> texts;
    for (uint64_t i = 0; i < kTextsAConfig; ++i) texts.push_back(hostile_text(random));
    TextConfig config = any_config(random);
    if (random.below(3) == 0) {
      config.hash_buckets = 1 + static_cast<int64_t>(random.below(1000000));
      expect_same_ids(Vectorizer(config), texts);
    } else {
      config.max_tokens = 2 + static_cast<int64_t>(random.below(3000));
      expect_same_ids(Vectorizer(config, learn_vocabulary(config, texts)), texts);
    }
    if (HasFatalFailure()) return;
  }
}

TEST(ScriptWriter, GivesTheTrainersIdsForEveryCodePointThatAStepChanges) {
  std::vector<std::string> texts;
  for (const CharacterMap* map : {&CharacterMap::lowercase(), &CharacterMap::punctuation(),
                                  &CharacterMap::white_space(), &CharacterMap::digits()}) {
    for (const auto& [source, target] : map->pairs())
      texts.push_back("a" + source + "b" + target + " " + source);
  }
  ASSERT_GT(texts.size(), 2800u);
  for (TextConfig config : standardizations()) {
    config.hash_buckets = 2147483646;
    expect_same_ids(Vectorizer(config), texts);
    if (HasFatalFailure()) return;
  }
}

/// What is replaced stays what it is when it is replaced again, so that the order of replacements is free.
TEST(ScriptWriter, HasCharacterMapsThatGiveNothingTheyLookFor) {
  for (const CharacterMap* map : {&CharacterMap::lowercase(), &CharacterMap::punctuation(),
                                  &CharacterMap::white_space(), &CharacterMap::digits()}) {
    std::set<std::string> sources;
    for (const auto& pair : map->pairs()) sources.insert(pair.first);
    for (const auto& pair : map->pairs()) ASSERT_FALSE(sources.contains(pair.second)) << pair.second;
  }
}

TEST(ScriptWriter, HasNoCharacterMapWithoutAStepThatNeedsIt) {
  EXPECT_TRUE(write_vectorizer_script(tutorial_config()).character_maps.empty());
  const TextConfig twice = text_config({step("unicode_lowercase"), mask_step("mask_numbers", "N"),
                                        step("unicode_lowercase"), mask_step("mask_numbers", "M")});
  EXPECT_THAT(write_vectorizer_script(twice).character_maps,
              ::testing::ElementsAre(&CharacterMap::lowercase(), &CharacterMap::digits()));
}

TEST(ScriptWriter, GivesTheTrainersIdsForRealReviews) {
  const auto folder = testing::reviews();
  if (!folder) GTEST_SKIP() << testing::kNoReviews;
  const std::vector<std::string> texts = testing::review_texts(*folder, 1500);
  TextConfig config = tutorial_config();
  config.max_tokens = 10000;
  config.sequence_length = 250;
  expect_same_ids(Vectorizer(config, learn_vocabulary(config, texts, 2)), texts);
  config.ngrams = {1, 2};
  config.sequence_length.reset();
  expect_same_ids(Vectorizer(config, learn_vocabulary(config, texts, 2)), texts);
}

TEST(ScriptWriter, GivesTheSameIdsWhenCalledAgain) {
  const Vectorizer vectorizer(tutorial_config(), Vocabulary({"a", "b"}));
  torch::jit::Module script = saved_script(vectorizer);
  const std::vector<std::string> texts = {"a b", "b", "", "a a a"};
  const at::Tensor first = run_vectorize(script, texts);
  for (int call = 0; call < 5; ++call) EXPECT_TRUE(run_vectorize(script, texts).equal(first));
}

TEST(ScriptWriter, StandardisesTheSameWayWhenCalledAgain) {
  std::vector<std::string> texts;
  const std::vector<std::string> all = odd_texts();
  for (size_t i = 0; i < all.size(); i += 7) texts.push_back(all[i]);
  ASSERT_GE(std::ranges::max(texts, {}, &std::string::size).size(), 6000u) << "a long one among them";
  for (TextConfig config : {byte_steps(), unicode_steps_and_masks()}) {
    config.hash_buckets = 1000003;
    torch::jit::Module script = saved_script(Vectorizer(config));
    const at::Tensor first = run_vectorize(script, texts);
    for (int call = 0; call < 3; ++call) ASSERT_TRUE(run_vectorize(script, texts).equal(first));
  }
}

TEST(ScriptWriter, GivesNoRowsForNoTexts) {
  TextConfig config;
  torch::jit::Module unbounded = saved_script(Vectorizer(config, Vocabulary({"a"})));
  EXPECT_EQ(run_vectorize(unbounded, {}).sizes(), (std::vector<int64_t>{0, 1}));
  config.sequence_length = 250;
  torch::jit::Module bounded = saved_script(Vectorizer(config, Vocabulary({"a"})));
  EXPECT_EQ(run_vectorize(bounded, {}).sizes(), (std::vector<int64_t>{0, 250}));
}

TEST(ScriptWriter, TakesAMegabyteOfPunctuationTagsAndLetters) {
  const TextConfig config = text_config(
      {step("lowercase"), step("strip_html"), replace_step("<br />", " "), step("strip_punctuation")});
  std::string tags;
  std::string letters;
  while (tags.size() < 1000000) tags += "<!a>";
  while (letters.size() < 1000000) letters += "W \u00E9\t";
  expect_same_ids(Vectorizer(config, Vocabulary({"w", "\u00E9"})),
                  {std::string(1000000, '!'), tags, letters, std::string(1000000, 'x')});
}

std::string long_text(const std::string& piece) {
  std::string text;
  while (text.size() < 250000) text += piece;
  return text;
}

TEST(ScriptWriter, TakesLongTextsOfWhatUnicodeStepsAndMasksLookFor) {
  TextConfig config =
      text_config({step("unicode_whitespace"), step("unicode_lowercase"), mask_step("mask_urls", "URL"),
                   mask_step("mask_emails", "EMAIL"), mask_step("mask_mentions", "USER"),
                   mask_step("mask_numbers", "NUMBER"), step("strip_unicode_punctuation")});
  config.hash_buckets = 1000003;
  config.sequence_length = 100;
  expect_same_ids(Vectorizer(config),
                  {long_text("http://"), long_text("http://a www."), long_text("a@"), long_text("a@b.c "),
                   long_text("@a "), long_text("1"), long_text("1."), long_text("1,2.3"), long_text("\u0663"),
                   long_text("\u212A"), long_text("\u0130 "), long_text("\u0416"), long_text("\u2014"),
                   long_text("\u00A0"), long_text("@")});
}

TEST(ScriptWriter, RefusesWhatTheVectorizerRefuses) {
  TextConfig config;
  config.split = "words";
  EXPECT_THROW(write_vectorizer_script(config), UsageError);
  EXPECT_THROW(write_vectorizer_script(text_config({step("stem")})), UsageError);
}

}  // namespace
}  // namespace bernoulli

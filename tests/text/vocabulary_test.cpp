#include "text/vocabulary.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Action>
void expect_data_error(const Action& action, const std::string& message) {
  try {
    action();
    FAIL() << "accepted";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
    EXPECT_EQ(error.exit_code(), ExitCode::kData);
  }
}

TEST(Vocabulary, NumbersTokensFromTwoAndKnowsNoOthers) {
  const Vocabulary vocabulary({"the", "a"});
  EXPECT_EQ(vocabulary.id("the"), 2);
  EXPECT_EQ(vocabulary.id("a"), 3);
  EXPECT_EQ(vocabulary.id("th"), kUnknownId);
  EXPECT_EQ(vocabulary.id(""), kUnknownId);
  EXPECT_EQ(vocabulary.num_ids(), 4);
  EXPECT_EQ(Vocabulary().num_ids(), 2);
}

TEST(Vocabulary, CopiesDoNotDependOnTheirOriginal) {
  auto original = std::make_unique<Vocabulary>(std::vector<std::string>{"a", "b"});
  Vocabulary copy;
  copy = *original;
  original.reset();
  EXPECT_EQ(copy.id("b"), 3);
  const Vocabulary moved = std::move(copy);
  EXPECT_EQ(moved.id("a"), 2);
}

TEST(Vocabulary, FindsEachOfManyTokens) {
  std::vector<std::string> tokens;
  for (int i = 0; i < 50000; ++i) tokens.push_back("token" + std::to_string(i * 7919));
  const Vocabulary vocabulary(tokens);
  for (size_t i = 0; i < tokens.size(); ++i) ASSERT_EQ(vocabulary.id(tokens[i]), static_cast<int32_t>(i) + 2);
}

TEST(Vocabulary, RefusesEmptyAndRepeatedTokens) {
  expect_data_error([] { Vocabulary({"a", ""}); }, "vocabulary id 3: empty token");
  expect_data_error(
      [] {
        Vocabulary({"a", "b", "a"});
      },
      "vocabulary id 4: token 'a' was listed before, at vocabulary id 2");
}

TEST(Vocabulary, FingerprintChangesWithTokensTheirOrderAndTheirBorders) {
  const std::string fingerprint = Vocabulary({"ab", "c"}).fingerprint();
  EXPECT_EQ(fingerprint, Vocabulary({"ab", "c"}).fingerprint());
  EXPECT_NE(fingerprint, Vocabulary({"c", "ab"}).fingerprint());
  EXPECT_NE(fingerprint, Vocabulary({"a", "bc"}).fingerprint());
  EXPECT_NE(fingerprint, Vocabulary({"ab", "c", "d"}).fingerprint());
}

TEST(VocabularyText, KeepsLettersReadableAndEscapesWhatLineReadersBreakOn) {
  const Vocabulary vocabulary({"caf\u00E9", "don't", "\u0085", "a\\b", "\u2028", "tab\t", " two words ", " ",
                               "\xFF", "\u4F60\u597D", "\x7F"});
  EXPECT_EQ(vocabulary.to_text(),
            "caf\u00E9\ndon't\n\\xc2\\x85\na\\x5cb\n\\xe2\\x80\\xa8\ntab\\x09\n\\x20two "
            "words\\x20\n\\x20\n\\xff\n\u4F60\u597D\n\\x7f\n");
}

TEST(VocabularyText, ReadsBackEveryByteAndEveryPairOfBytes) {
  std::vector<std::string> tokens;
  for (int a = 0; a < 256; ++a) {
    tokens.push_back(std::string(1, static_cast<char>(a)));
    for (int b = 0; b < 256; ++b) tokens.push_back({static_cast<char>(a), static_cast<char>(b)});
  }
  const std::string text = Vocabulary(tokens).to_text();
  EXPECT_EQ(Vocabulary::parse(text, "vocabulary.txt").tokens(), tokens);
  for (size_t i = 0; i < text.size();) {  // any reader of UTF-8 text may read it
    const size_t length = utf8_sequence_length(std::string_view(text).substr(i));
    ASSERT_GT(length, 0u) << "at byte " << i;
    i += length;
  }
}

TEST(VocabularyText, ReadsWhatAnEditorLeaves) {
  EXPECT_THAT(Vocabulary::parse("\xEF\xBB\xBF"
                                "the\r\na\r\nlast",
                                "v")
                  .tokens(),
              ElementsAre("the", "a", "last"));
  EXPECT_EQ(Vocabulary::parse("", "v").num_ids(), 2);
}

TEST(VocabularyText, NamesFileAndLineOfAFault) {
  expect_data_error([] { Vocabulary::parse("a\n\nb\n", "v.txt"); }, "v.txt:2: empty token");
  expect_data_error([] { Vocabulary::parse("a\nb\na\n", "v.txt"); },
                    "v.txt:3: token 'a' was listed before, at v.txt:1");
  expect_data_error([] { Vocabulary::parse("a\nb\\n\n", "v.txt"); }, "v.txt:2: '\\n' is no escaped byte");
  expect_data_error([] { Vocabulary::parse("\\xg1\n", "v.txt"); }, "v.txt:1: '\\xg1' is no escaped byte");
  expect_data_error([] { Vocabulary::parse("\\x4", "v.txt"); }, "v.txt:1: '\\x4' is no escaped byte");
  expect_data_error([] { Vocabulary::parse("\\x-1", "v.txt"); }, "v.txt:1: '\\x-1' is no escaped byte");
}

TEST(Vocabulary, LooksUpManyTokensAtOnceAsOneByOne) {
  for (const size_t num_tokens : {size_t{0}, size_t{100}, size_t{20000}}) {
    std::vector<std::string> tokens;
    for (size_t i = 0; i < num_tokens; ++i)
      tokens.push_back(std::to_string(i) + std::string(i % 40, static_cast<char>('a' + i % 7)));
    const Vocabulary vocabulary(tokens);
    tokens.emplace_back("absent");
    tokens.emplace_back("absent, and of more than fifteen bytes");
    tokens.emplace_back(261, 'a');
    std::string bytes;
    std::vector<size_t> begins;
    for (size_t i = 0; i < 2 * tokens.size(); ++i) {  // many that are there, and others that are not
      begins.push_back(bytes.size());
      bytes += tokens[i / 2] + (i % 2 == 0 ? "" : "x");
    }
    begins.push_back(bytes.size());
    bytes.resize(bytes.size() + 16);
    const auto token = [&](size_t i) {
      return std::string_view(bytes).substr(begins[i], begins[i + 1] - begins[i]);
    };
    std::vector<int32_t> ids(2 * tokens.size());
    vocabulary.look_up_readable(ids.size(), token, ids.data());
    for (size_t i = 0; i < ids.size(); ++i) {
      const bool known = i % 2 == 0 && i / 2 < num_tokens;
      ASSERT_EQ(ids[i], known ? static_cast<int32_t>(i / 2 + 2) : kUnknownId) << token(i);
    }
  }
}

}  // namespace
}  // namespace bernoulli

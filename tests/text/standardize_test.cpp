#include "text/standardize.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/ascii.h"
#include "core/error.h"
#include "text/text_config.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::replace_step;
using testing::step;
using testing::text_config;

std::string standardized(const TextConfig& config, std::string text) {
  std::string scratch = "left over from the text before";
  standardize(standardize_steps(config), text, scratch);
  return text;
}

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST(Standardize, WithoutStepsKeepsEveryByte) { EXPECT_EQ(standardized({}, all_bytes()), all_bytes()); }

TEST(Standardize, LowercaseChangesAsciiLettersOnly) {
  std::string expected = all_bytes();
  for (size_t i = 'A'; i <= 'Z'; ++i) expected[i] = static_cast<char>(i + 32);
  EXPECT_EQ(standardized(text_config({step("lowercase")}), all_bytes()), expected);
  EXPECT_EQ(standardized(text_config({step("lowercase")}), "\u00C9COLE"), "\u00C9cole");
}

TEST(Standardize, StripPunctuationDeletesThe32AsciiCharacters) {
  std::string punctuation = all_bytes();
  std::erase_if(punctuation, [](char c) { return !is_punctuation(c); });
  EXPECT_EQ(kPunctuation, punctuation);
  EXPECT_EQ(standardized(text_config({step("strip_punctuation")}), "don't well-made (1.5)"),
            "dont wellmade 15");
  EXPECT_EQ(standardized(text_config({step("strip_punctuation")}), all_bytes()).size(), 256u - 32u);
  EXPECT_EQ(standardized(text_config({step("strip_punctuation")}), "\u2019\u2014"), "\u2019\u2014");
}

TEST(Standardize, ReplaceGoesLeftToRightWithoutOverlapAndNotIntoItsOwnOutput) {
  EXPECT_EQ(standardized(text_config({replace_step("aa", "b")}), "aaaaa"), "bba");
  EXPECT_EQ(standardized(text_config({replace_step("a", "aa")}), "aba"), "aabaa");
  EXPECT_EQ(standardized(text_config({replace_step("<br />", " ")}), "x<br />y<br/>z"), "x y<br/>z");
  EXPECT_EQ(standardized(text_config({replace_step("ab", "")}), "aabb"), "ab");
  EXPECT_EQ(standardized(text_config({replace_step(std::string("\0", 1), "0")}), std::string("a\0b", 3)),
            "a0b");
}

TEST(Standardize, CollapseWhitespaceLeavesSingleSpacesAndNoneAtTheEnds) {
  const TextConfig config = text_config({step("collapse_whitespace")});
  EXPECT_EQ(standardized(config, " \t a\r\n b\v\f c  "), "a b c");
  EXPECT_EQ(standardized(config, " \t\n"), "");
  EXPECT_EQ(standardized(config, "a\u00A0b\x85"), "a\u00A0b\x85");
}

TEST(Standardize, StripHtmlTurnsEachTagIntoOneSpace) {
  const TextConfig config = text_config({step("strip_html")});
  EXPECT_EQ(standardized(config, "a<br />b<i>c</i>"), "a b c ");
  EXPECT_EQ(standardized(config, "<>"), " ");
  EXPECT_EQ(standardized(config, "2 < 3 <b> 4 > 3"), "2 < 3   4 > 3");
  EXPECT_EQ(standardized(config, "<a<b>"), "<a ");
  EXPECT_EQ(standardized(config, "open < end"), "open < end");
  EXPECT_EQ(standardized(config, "<a>>"), " >");
  EXPECT_EQ(standardized(config, "<a\nb>c"), " c");
}

TEST(Standardize, StepsApplyInTheOrderGiven) {
  EXPECT_EQ(standardized(text_config({replace_step("A", "x"), step("lowercase")}), "Aa"), "xa");
  EXPECT_EQ(standardized(text_config({step("lowercase"), replace_step("A", "x")}), "Aa"), "aa");
}

void expect_refused(const TextConfig& config, const std::string& message) {
  try {
    standardize_steps(config);
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Standardize, RefusesAnUnknownStepNamingItsPlace) {
  expect_refused(text_config({{"uppercase", {}, "run.yaml:3:5"}}),
                 "run.yaml:3:5: text.standardize: unknown step 'uppercase' (expected lowercase,");
}

TEST(Standardize, RefusesToReplaceAnEmptyString) {
  expect_refused(text_config({replace_step("", "x")}), "text.standardize: replace looks for an empty string");
}

}  // namespace
}  // namespace bernoulli

#include "core/text_table.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(TextTable, HoldsWordsLeftAndNumbersRight) {
  EXPECT_EQ(
      text_table({{"name", true, {"a", "longer"}}, {"n", false, {"1", "100"}}, {"note", true, {"", "x"}}}),
      "name      n  note\n"
      "a         1\n"
      "longer  100  x\n");
}

TEST(TextTable, MeasuresWhatIsSeen) {
  EXPECT_EQ(text_table({{"label",
                         true,
                         {"na\u00EFve", "\u65E5\u672C\u8A9E", "\u043F\u043B\u043E\u0445\u043E", "\xFF\xFE"}},
                        {"f1", false, {"0.5", "1", "-", "0"}}}),
            "label    f1\n"
            "na\u00EFve   0.5\n"
            "\u65E5\u672C\u8A9E    1\n"  // three characters, six columns of the screen
            "\u043F\u043B\u043E\u0445\u043E     -\n"
            "\xFF\xFE        0\n");
}

TEST(TextTable, CutsBetweenCharactersByWhatIsSeen) {
  const std::string text = "na\u00EFve \u65E5\u672C\xFF";
  EXPECT_EQ(cut_to_width(text, 2), "na");
  EXPECT_EQ(cut_to_width(text, 3), "na\u00EF");
  EXPECT_EQ(cut_to_width(text, 7), "na\u00EFve ") << "half of a wide character has no room";
  EXPECT_EQ(cut_to_width(text, 8), "na\u00EFve \u65E5");
  EXPECT_EQ(cut_to_width(text, 100), text);
  EXPECT_EQ(cut_to_width("", 5), "");
}

TEST(TextTable, EscapesFirstAndKeepsRowsToTheirLines) {
  EXPECT_EQ(
      text_table({{"label", true, {"\x1b[31mred", "two\nlines", "a\tb"}}, {"n", false, {"1", "2", "3"}}}),
      "label         n\n"
      "\\x1b[31mred   1\n"
      "two\\x0alines  2\n"
      "a\\x09b        3\n");
}

}  // namespace
}  // namespace bernoulli

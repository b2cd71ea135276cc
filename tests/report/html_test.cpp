#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bernoulli::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, EscapesWhatWouldEndATextOrAnAttribute) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
}

TEST(Html, ShowsControlCharactersAndKeepsLineEnds) {
  EXPECT_EQ(escape_html(std::string_view("a\0\x1b[31m\x7f\tb\r\n", 12)), "a\\x00\\x1b[31m\\x7f\tb\\x0d\n");
  EXPECT_EQ(escape_html("\xc2\x85\xc2\xa0"),
            "\\xc2\\x85\xc2\xa0");  // U+0085 is a control character, U+00A0 none
}

TEST(Html, ShowsCharactersThatReorderText) {
  EXPECT_EQ(escape_html("\u202eevil\u2069"), "\\xe2\\x80\\xaeevil\\xe2\\x81\\xa9");
  EXPECT_EQ(escape_html("\u2029\u202f\u2065\u206a\u05e9"),
            "\u2029\u202f\u2065\u206a\u05e9");  // their neighbours
}

TEST(Html, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(escape_html("caf\xc3\xa9 \xe9 \xf0\x9f\x98\x80"), "caf\xc3\xa9 \\xe9 \xf0\x9f\x98\x80");
  EXPECT_EQ(escape_html("\xc3"), "\\xc3");                             // cut short
  EXPECT_EQ(escape_html("\xc0\xbc"), "\\xc0\\xbc");                    // an overlong <
  EXPECT_EQ(escape_html("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(escape_html("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
}

TEST(Html, CutsTextBetweenCharacters) {
  EXPECT_EQ(shortened("caf\xc3\xa9!", 4), "caf\xc3\xa9…");
  EXPECT_EQ(shortened("caf\xc3\xa9", 4), "caf\xc3\xa9");
  EXPECT_EQ(shortened("\xff\xff\xff", 2), "\xff\xff…");
  EXPECT_EQ(shortened("", 3), "");
  EXPECT_EQ(shortened("abc", 0), "…");
}

TEST(Html, ATableHoldsWordsLeftAndNumbersRight) {
  Table table({"name", "place", "value"}, 2);
  EXPECT_TRUE(table.empty());
  table.row({"a", "b", "1"});
  EXPECT_FALSE(table.empty());
  EXPECT_THAT(table.html(), HasSubstr("<tr><td class=\"l\">a</td><td class=\"l\">b</td><td>1</td></tr>"));
  EXPECT_THAT(table.html(), HasSubstr("<th class=\"l\">name</th><th class=\"l\">place</th><th>value</th>"));
}

TEST(Html, ATableMayHaveWordsBetweenItsNumbersAndNoHead) {
  Table table({}, 0, {1});
  EXPECT_EQ(table.html(), "<div class=\"scroll\"><table></table></div>\n");
  table.row({"1", "words", "2"});
  EXPECT_THAT(table.html(), HasSubstr("<table><tr><td>1</td><td class=\"l\">words</td><td>2</td></tr>"));
}

TEST(Html, APageNeedsNothingFromOutside) {
  const std::string html = page("<run>", "bernoulli & co", "<p>body</p>");
  EXPECT_THAT(html, HasSubstr("<title>&lt;run&gt;</title>"));
  EXPECT_THAT(html, HasSubstr("<h1>&lt;run&gt;</h1>"));
  EXPECT_THAT(html, HasSubstr("bernoulli &amp; co"));
  EXPECT_THAT(html, HasSubstr("<p>body</p></body></html>\n"));
  for (const char* outside : {"<script", "http", "url(", "<link", "@import", "src="})
    EXPECT_THAT(html, Not(HasSubstr(outside)));
}

}  // namespace
}  // namespace bernoulli::report

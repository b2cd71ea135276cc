#include "core/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(Utf8, AcceptsTheBordersOfEveryRowOfTheUnicodeTable) {
  for (const char* valid :
       {"\x7F", "\u0080", "\u07FF", "\u0800", "\uD7FF", "\uE000", "\uFFFF", "\U00010000", "\U0010FFFF"}) {
    EXPECT_EQ(utf8_sequence_length(valid), std::string_view(valid).size()) << valid;
  }
  EXPECT_EQ(utf8_sequence_length(std::string_view("\0", 1)), 1u);
}

TEST(Utf8, RefusesStrayOverlongSurrogateTooHighAndCutSequences) {
  for (const char* broken : {"", "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                             "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xC3(",
                             "\xE2\x82", "\xF0\x9F\x98", "\xF0\x9F\x98z"}) {
    EXPECT_EQ(utf8_sequence_length(broken), 0u) << broken;
  }
}

TEST(Utf8, GivesTheCodePointOfEverySequenceThatIsValid) {
  const auto point_of = [](std::string_view bytes) {
    return utf8_code_point(bytes, utf8_sequence_length(bytes));
  };
  EXPECT_EQ(point_of(std::string_view("\0", 1)), U'\0');
  EXPECT_EQ(point_of("\x7F"), U'\x7F');
  EXPECT_EQ(point_of("\u0080"), U'\u0080');
  EXPECT_EQ(point_of("\u07FF and more"), U'\u07FF');
  EXPECT_EQ(point_of("\u0800"), U'\u0800');
  EXPECT_EQ(point_of("\uFFFF"), U'\uFFFF');
  EXPECT_EQ(point_of("\U00010000"), U'\U00010000');
  EXPECT_EQ(point_of("\U0010FFFF"), U'\U0010FFFF');
}

TEST(Utf8, AByteAboveAsciiIsFoundWhereverItStands) {
  for (size_t size = 1; size < 80; ++size) {
    const std::string ascii(size, 'a');
    EXPECT_EQ(next_wide_byte(ascii, 0), size);
    EXPECT_TRUE(is_utf8(ascii));
    for (size_t place = 0; place < size; ++place) {
      std::string broken = ascii;
      broken[place] = '\x80';
      EXPECT_EQ(next_wide_byte(broken, 0), place);
      EXPECT_EQ(next_wide_byte(broken, place + 1), size);
      EXPECT_FALSE(is_utf8(broken)) << place << " of " << size;
      EXPECT_TRUE(is_utf8(ascii.substr(0, place) + "\u20AC" + ascii.substr(place)));
    }
  }
}

TEST(Utf8, IsCutBetweenCharacters) {
  EXPECT_EQ(cut_to("abc", 3), "abc");
  EXPECT_EQ(cut_to("abc", 2), "ab");
  EXPECT_EQ(cut_to("", 0), "");
  for (const char* character : {"\u00E9", "\u20AC", "\U0001F600"}) {
    const std::string text = std::string("a") + character + "b";
    const size_t size = text.size() - 2;
    for (size_t most = 1; most < 1 + size; ++most) EXPECT_EQ(cut_to(text, most), "a") << most;
    EXPECT_EQ(cut_to(text, 1 + size), text.substr(0, 1 + size));
  }
  EXPECT_EQ(cut_to("\x80\x80\x80\x80\x80\x80", 5).size(), 5u) << "no UTF-8 has no characters";
}

}  // namespace
}  // namespace bernoulli

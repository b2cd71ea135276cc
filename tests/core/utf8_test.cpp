#include "core/utf8.h"

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

}  // namespace
}  // namespace bernoulli

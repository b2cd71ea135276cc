#include "core/ascii.h"

#include <string>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

std::string bytes_that_are(bool (*is)(char)) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    if (is(static_cast<char>(byte))) bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

TEST(Ascii, KnowsItsKindsOfBytesAndNoOthers) {
  EXPECT_EQ(bytes_that_are(is_capital), "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  EXPECT_EQ(bytes_that_are(is_letter), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(bytes_that_are(is_digit), "0123456789");
  EXPECT_EQ(bytes_that_are(is_punctuation), R"(!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~)");
}

TEST(Ascii, LowersCapitalsAlone) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool capital = byte >= 'A' && byte <= 'Z';
    EXPECT_EQ(lowered(static_cast<char>(byte)), static_cast<char>(capital ? byte + 32 : byte)) << byte;
  }
}

TEST(Ascii, TakesOuterSpaceAway) {
  EXPECT_EQ(without_outer_space(" \t\r\na b\t c \n"), "a b\t c");
  EXPECT_EQ(without_outer_space("\xC2\xA0x"), "\xC2\xA0x") << "no-break spaces stay";
  EXPECT_EQ(without_outer_space(" \n"), "");
  EXPECT_EQ(without_outer_space(""), "");
}

}  // namespace
}  // namespace bernoulli

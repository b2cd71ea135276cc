#include "core/hex.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(Hex, ReadsBackEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  EXPECT_EQ(to_hex("\x7f\xA0"), "7fa0");
  EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, RefusesWhatItDoesNotWrite) {
  for (const char* odd : {"0", "0g", "g0", "FF", " 0", "0x", "-1"})
    EXPECT_EQ(from_hex(odd), std::nullopt) << odd;
}

}  // namespace
}  // namespace bernoulli

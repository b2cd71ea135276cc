#include "core/plain_name.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(PlainName, HasAnUnderscoreForEveryByteThatCannotStandInAnAddress) {
  EXPECT_EQ(plain_name("imdb_tutorial-2.b"), "imdb_tutorial-2.b");
  EXPECT_EQ(plain_name("a \"b\"\n#\\ {c}"), "a__b______c_");
  EXPECT_EQ(plain_name("caf\u00E9"), "caf__");
}

TEST(PlainName, IsToldFromOthers) {
  for (const char* name : {"a", "imdb_tutorial-2.b", "Z9"}) EXPECT_TRUE(is_plain_name(name)) << name;
  for (const char* name : {"", " ", "a/b", "caf\u00E9"}) EXPECT_FALSE(is_plain_name(name)) << name;
}

}  // namespace
}  // namespace bernoulli

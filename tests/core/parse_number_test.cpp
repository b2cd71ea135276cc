#include "core/parse_number.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(ParseNumber, TakesAPlusBeforeFloatingPointOnly) {
  EXPECT_EQ(parse_number<double>("+2.5"), 2.5);
  EXPECT_EQ(parse_number<float>("+.5"), 0.5f);
  EXPECT_EQ(parse_number<double>("-1"), -1);
  for (const char* text : {"", "+", "+-1", "++1", "+ 1", " 1", "1+", "+inf", "+nan", "1e999"})
    EXPECT_FALSE(parse_number<double>(text)) << text;
  EXPECT_EQ(parse_number<int64_t>("12"), 12);
  EXPECT_FALSE(parse_number<int64_t>("+12")) << "lengths and counts of files are written without";
}

}  // namespace
}  // namespace bernoulli

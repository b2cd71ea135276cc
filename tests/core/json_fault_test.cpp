#include "core/json_fault.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(JsonFault, SaysWhereAndWhatWithoutTheText) {
  EXPECT_EQ(json_object_fault("{\"a\": 1,}"), "not JSON at byte 9: unexpected '}'; expected string literal");
  EXPECT_EQ(json_object_fault("{'a': 1}"), "not JSON at byte 2: invalid literal; expected string literal");
  EXPECT_EQ(
      json_object_fault("{\"a\": \"b\tc\"}"),
      "not JSON at byte 9: invalid string: control character U+0009 (HT) must be escaped to \\u0009 or \\t");
  EXPECT_EQ(json_object_fault("{\"a\": 1e999}"), "not JSON: number overflow parsing '1e999'");
  EXPECT_EQ(json_object_fault("{\"" + std::string(1 << 20, 'x') + "\x01\"}").size(),
            json_object_fault("{\"x\x01\"}").size() + 6)
      << "but for the digits of the place";
}

TEST(JsonFault, NamesJsonOfAnotherType) {
  EXPECT_EQ(json_object_fault(" [1]"), "a JSON array, not an object");
  EXPECT_EQ(json_object_fault("\"a\""), "a JSON string, not an object");
  EXPECT_EQ(json_object_fault("null"), "a JSON value of another type, not an object");
  EXPECT_EQ(json_object_fault(std::string(200'000, '[') + std::string(200'000, ']')),
            "a JSON array, not an object");
}

}  // namespace
}  // namespace bernoulli

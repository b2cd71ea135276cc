#include "core/json_fault.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bernoulli {
namespace {

TEST(JsonFault, SaysWhereAndWhatWithoutTheText) {
  EXPECT_EQ(json_object_fault("{\"a\": 1,}"), "not JSON at byte 9: unexpected '}'; expected string literal");
  EXPECT_EQ(json_object_fault("{'a': 1}"), "not JSON at byte 2: invalid literal; expected string literal");
  EXPECT_EQ(
      json_object_fault("{\"a\": \"b\tc\"}"),
      "not JSON at byte 9: invalid string: control character U+0009 (HT) must be escaped to \\u0009 or \\t");
  EXPECT_EQ(json_object_fault("{\"a\": 1e999}"), "not JSON: number overflow parsing '1e999'");
  EXPECT_EQ(json_object_fault("{\"a\": " + std::string(4'000'000, '9') + "}"),
            "not JSON: number overflow parsing a number of 4000000 bytes");
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

TEST(ShownJson, IsTheValueOrWhatItIs) {
  const auto shown = [](const std::string& json) { return shown_json(nlohmann::json::parse(json)); };
  EXPECT_EQ(shown("null"), "null");
  EXPECT_EQ(shown("-2.5"), "-2.5");
  EXPECT_EQ(shown("true"), "true");
  EXPECT_EQ(shown("\"a\\n\""), "\"a\\n\"");
  EXPECT_EQ(shown("\"" + std::string(61, 'x') + "\""), "a string of 61 bytes");
  EXPECT_EQ(shown("{\"a\": 1}"), "an object");
  EXPECT_EQ(shown(std::string(200'000, '[') + std::string(200'000, ']')), "an array");
}

}  // namespace
}  // namespace bernoulli

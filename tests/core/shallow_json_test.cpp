#include "core/shallow_json.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

Json parse(const std::string& text) { return parse_shallow_json(text); }

TEST(ShallowJson, GivesWhatTheLibrarysParserGives) {
  for (const char* text : {R"({"b": [1, -2, 3.5, true, null, "\u00e4"], "a": {"c": {}, "": []}})", "[]", "7",
                           R"("x")", "null", "18446744073709551615"}) {
    EXPECT_EQ(parse(text).dump(), Json::parse(text).dump());
    EXPECT_EQ(parse(text).type(), Json::parse(text).type());
  }
}

TEST(ShallowJson, OfANameThatComesTwiceTheLastValueStands) {
  const std::string text = R"({"a": 1, "b": {"a": 2}, "a": [3], "c": 4, "b": 5})";
  EXPECT_EQ(parse(text).dump(), R"({"a":[3],"b":5,"c":4})");
  EXPECT_EQ(Json::parse(text).dump(), parse(text).dump());
}

TEST(ShallowJson, DiscardsWhatIsNoJson) {
  for (const char* text : {"", "{", "{\"a\": 1}}", "[1, 2", "{\"a\"}", "\"\xff\"", "1e999", "nan"})
    EXPECT_TRUE(parse(text).is_discarded()) << text;
}

TEST(ShallowJson, DiscardsWhatIsNestedTooDeep) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_FALSE(parse(nested(kDeepestJson)).is_discarded());
  EXPECT_TRUE(parse(nested(kDeepestJson + 1)).is_discarded());
  EXPECT_TRUE(parse(nested(200'000)).is_discarded());
}

TEST(AddMember, KeepsTheOrder) {
  Json object = Json::object();
  add_member(object, "b", 1);
  add_member(object, "a", {{"c", 2}});
  EXPECT_EQ(object.dump(), R"({"b":1,"a":{"c":2}})");
  EXPECT_EQ(object["a"]["c"], 2);
}

}  // namespace
}  // namespace bernoulli

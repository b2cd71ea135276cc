#include "config/differences.h"

#include <gtest/gtest.h>

namespace bernoulli::config {
namespace {

using Json = nlohmann::ordered_json;

TEST(Differences, NameTheKeyAndEveryValue) {
  const std::vector<Difference> found =
      differences({Json::parse(R"({"a": {"b": 1, "c": [1, 2]}, "d": "x"})"),
                   Json::parse(R"({"a": {"b": 1, "c": [1, 3]}, "d": "x"})"),
                   Json::parse(R"({"a": {"b": 2, "c": [1, 2]}, "d": "x"})")});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].key, "a.b");
  EXPECT_EQ(found[0].values, (std::vector<Json>{1, 1, 2}));
  EXPECT_EQ(found[1].key, "a.c");
  EXPECT_EQ(found[1].values[1], Json::parse("[1, 3]"));
}

TEST(Differences, AreNullWhereAKeyIsMissing) {
  const std::vector<Difference> found = differences(
      {Json::parse(R"({"a": {"b": 1}})"), Json::parse(R"({"a": {"c": 2}})"), Json::parse(R"({"a": 3})")});
  ASSERT_EQ(found.size(), 1u);  // not all of them are sections
  EXPECT_EQ(found[0].key, "a");
  const std::vector<Difference> inside =
      differences({Json::parse(R"({"a": {"b": 1}})"), Json::parse(R"({"a": {"c": 2}})")});
  ASSERT_EQ(inside.size(), 2u);
  EXPECT_EQ(inside[0].key, "a.b");
  EXPECT_TRUE(inside[0].values[1].is_null());
  EXPECT_EQ(inside[1].key, "a.c");
}

TEST(Differences, OfTheSameAreNone) {
  EXPECT_TRUE(differences({Json::parse(R"({"a": 1})"), Json::parse(R"({"a": 1})")}).empty());
  EXPECT_TRUE(differences({Json::parse(R"({"a": 1})")}).empty());
}

}  // namespace
}  // namespace bernoulli::config

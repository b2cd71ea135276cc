#include "core/name_list.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(NameList, QuotesNamesAndCountsThoseAfterTheTenth) {
  EXPECT_EQ(item_list({"red (3)", "blue (4)"}), "red (3), blue (4)");
  EXPECT_EQ(name_list({}), "");
  EXPECT_EQ(name_list({"red"}), "'red'");
  std::vector<std::string> names(10, "x");
  EXPECT_EQ(name_list(names), "'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x'");
  names.resize(13, "y");
  EXPECT_EQ(name_list(names), "'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', ... and 3 more");
}

}  // namespace
}  // namespace bernoulli

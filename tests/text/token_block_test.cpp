#include "text/token_block.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"

namespace bernoulli {
namespace {

TEST(TokenBlock, BringsBackTokensOfAnyBytes) {
  for (const std::vector<std::string>& tokens :
       std::vector<std::vector<std::string>>{{},
                                             {"one"},
                                             {"\n"},
                                             {"the", "movie", "\xff\xfe", std::string(1, '\0')},
                                             {"\n", "a\nb", "plain", "\n\n"},
                                             {"x", "\n"}}) {
    const TokenBlock block = join_tokens(tokens);
    EXPECT_EQ(split_tokens(block.joined, block.odd), tokens) << block.joined;
  }
  EXPECT_EQ(join_tokens({"a", "b\nc", "d"}).joined, "a\n\nd");
}

TEST(TokenBlock, RefusesListsThatDoNotFit) {
  EXPECT_THROW(split_tokens("a\n\nb", {}), DataError);
  EXPECT_THROW(split_tokens("a\nb", {"\n"}), DataError);
}

}  // namespace
}  // namespace bernoulli

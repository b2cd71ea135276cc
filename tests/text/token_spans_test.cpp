#include "text/token_spans.h"

#include <limits>
#include <new>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(Scratch, IsAsLargeAsItWasWhereThereIsNoMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's operator new ends the process instead of throwing";
#endif
  Scratch<char> scratch;
  const char* const small = scratch.at_least(4);
  const auto impossible = static_cast<size_t>(std::numeric_limits<ptrdiff_t>::max()) / 2;
  EXPECT_THROW(scratch.at_least(impossible), std::bad_alloc);
  EXPECT_EQ(scratch.at_least(4), small);
  EXPECT_NE(scratch.at_least(1000), small);
}

}  // namespace
}  // namespace bernoulli

#include "text/padded_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bernoulli {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> batches(const std::vector<int64_t>& sizes, int64_t batch_size, int64_t most) {
  return padded_batches(static_cast<int64_t>(sizes.size()), batch_size, most,
                        [&](int64_t row) { return sizes[static_cast<size_t>(row)]; });
}

TEST(PaddedBatches, AreOfTheBatchSizeWhereTheRowsAreShort) {
  EXPECT_THAT(batches({1, 2, 3, 1, 2}, 2, 100), ElementsAre(0, 2, 4, 5));
  EXPECT_THAT(batches({}, 2, 100), ElementsAre(0));
}

TEST(PaddedBatches, ALongRowIsNotPaddedTo) {
  EXPECT_THAT(batches({1, 1, 9, 1, 1, 1}, 4, 20), ElementsAre(0, 2, 4, 6)) << "2 rows of 9 and no third";
  EXPECT_THAT(batches({3, 50, 3, 3}, 4, 20), ElementsAre(0, 1, 2, 4)) << "a row above the limit stands alone";
  EXPECT_THAT(batches({0, 0, 0}, 8, 1), ElementsAre(0, 3));
}

}  // namespace
}  // namespace bernoulli

#include "text/parallel_chunks.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/message_of.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ParallelChunks, CoverAllOfItOnceInContiguousParts) {
  std::vector<std::pair<size_t, size_t>> ranges(3);
  for_each_chunk(10, 3, [&](size_t chunk, size_t begin, size_t end) { ranges[chunk] = {begin, end}; });
  EXPECT_THAT(ranges, ElementsAre(Pair(0, 3), Pair(3, 6), Pair(6, 10)));
}

TEST(ParallelChunks, ThrowTheFirstExceptionInTheirOrderOnceAllThatBeganHaveEnded) {
  for (const size_t first : {size_t{0}, size_t{1}}) {
    std::atomic<int> running = 0;
    const auto work = [&](size_t chunk, size_t /*begin*/, size_t /*end*/) {
      ++running;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      --running;
      if (chunk >= first) throw std::runtime_error(std::to_string(chunk));
    };
    EXPECT_EQ(testing::message_of<std::runtime_error>([&] { for_each_chunk(8, 4, work); }),
              std::to_string(first));
    EXPECT_EQ(running, 0);
  }
}

TEST(ParallelChunks, AreAsManyAsThreadsWhereTextsAreWorthThem) {
  EXPECT_EQ(num_text_chunks(0, 8), 1u);
  EXPECT_EQ(num_text_chunks(127, 8), 1u);
  EXPECT_EQ(num_text_chunks(128, 8), 2u);
  EXPECT_EQ(num_text_chunks(1'000'000, 8), 8u);
  EXPECT_EQ(num_text_chunks(1'000'000, 0), 1u);
}

}  // namespace
}  // namespace bernoulli

#include "core/shared_blocks.h"

#include <chrono>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace bernoulli::testing {
namespace {

TEST(SharedBlocks, EachPlaceIsDoneOnceByOneWorkerOfThose) {
  for (const size_t count : {0, 1, 63, 64, 65, 1000}) {
    for (const size_t threads : {1, 2, 7}) {
      std::vector<int> done(count, 0);
      std::vector<size_t> of_worker(threads, 0);  // written without a lock: a worker is one thread
      share_blocks(count, 64, threads, [&](size_t worker, size_t begin, size_t end) {
        EXPECT_EQ(begin % 64, 0u);
        EXPECT_LE(end - begin, 64u);
        of_worker.at(worker) += end - begin;
        for (size_t i = begin; i < end; ++i) ++done[i];
      });
      EXPECT_EQ(done, std::vector<int>(count, 1));
      size_t all = 0;
      for (const size_t some : of_worker) all += some;
      EXPECT_EQ(all, count);
    }
  }
}

TEST(SharedBlocks, OneRangeStaysWithTheCaller) {
  const auto caller = std::this_thread::get_id();
  share_blocks(10, 64, 7, [&](size_t worker, size_t, size_t) {
    EXPECT_EQ(worker, 0u);
    EXPECT_EQ(std::this_thread::get_id(), caller);
  });
}

TEST(SharedBlocks, TheFirstFailureIsThrownAfterAllHaveEnded) {
  for (const size_t threads : {1, 2, 7}) {
    std::atomic<int> running = 0;
    const auto fail = [&](size_t, size_t begin, size_t) {
      ++running;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      --running;
      if (begin >= 40) throw std::runtime_error(std::to_string(begin));
    };
    try {
      share_blocks(100, 10, threads, fail);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "40");
    }
    EXPECT_EQ(running, 0);
  }
}

}  // namespace
}  // namespace bernoulli::testing

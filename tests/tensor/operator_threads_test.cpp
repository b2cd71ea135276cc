#include "tensor/operator_threads.h"

#include <fstream>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

#include <gtest/gtest.h>

#include <ATen/Parallel.h>

namespace bernoulli {
namespace {

/// Bytes of address space that this process has taken.
rlim_t address_space() {
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * 4096;
}

[[noreturn]] void set_more_threads_than_there_is_room_for() {
  constexpr rlim_t kRoom = 32 << 20;  // less than the stacks of 64 threads
  const rlimit limit{address_space() + kRoom, address_space() + kRoom};
  if (setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(1);
  try {
    set_operator_threads(64);
  } catch (const std::system_error&) {
    ::_exit(5);
  }
  ::_exit(0);
}

TEST(OperatorThreads, AreThoseThatWereAskedFor) {
  const int before = at::get_num_threads();
  for (const int threads : {2, 1}) {
    set_operator_threads(threads);
    EXPECT_EQ(at::get_num_threads(), threads);
  }
  set_operator_threads(before);
}

/// at::set_num_threads alone never returns here: LibTorch's pool waits for threads that were not started.
TEST(OperatorThreads, ThatCannotBeStartedAreAnError) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory has no room under a limit on addresses";
#endif
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // in a process of its own from the start
  EXPECT_EXIT(set_more_threads_than_there_is_room_for(), testing::ExitedWithCode(5), "");
}

}  // namespace
}  // namespace bernoulli

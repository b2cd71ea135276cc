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

/// Exit code of `call` where there is no room for the stack of a thread.
[[noreturn]] void exit_after(void (*call)()) {
  constexpr rlim_t kRoom = 4 << 20;
  const rlimit limit{address_space() + kRoom, address_space() + kRoom};
  if (setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(1);
  try {
    call();
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
  EXPECT_EXIT(exit_after([] { set_operator_threads(64); }), ::testing::ExitedWithCode(5), "");
  const int expected = at::get_num_threads() > 1 ? 5 : 0;
  EXPECT_EXIT(exit_after(try_operator_threads), ::testing::ExitedWithCode(expected), "");
}

}  // namespace
}  // namespace bernoulli

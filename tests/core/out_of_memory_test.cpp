#include "core/out_of_memory.h"

#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(OutOfMemory, IsKnownByTheExceptionAndByItsWords) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error("DefaultCPUAllocator: can't allocate memory: you tried")));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error("CUDA out of memory. Tried to allocate 20.00 GiB.")));
  EXPECT_TRUE(is_out_of_memory(std::runtime_error("CUDA error: out of memory")));
  EXPECT_TRUE(is_out_of_memory(
      std::runtime_error("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("expected a colon")));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("CUDA error: unspecified launch failure")));
}

TEST(OutOfMemory, IsToldByTheLineOfTheAllocator) {
  EXPECT_EQ(allocation_fault("std::bad_alloc"), "std::bad_alloc");
  EXPECT_EQ(allocation_fault("no room\nException raised from f at x.cpp:1\nframe #0: f"), "no room");
  EXPECT_EQ(allocation_fault("[enforce fail] can't allocate memory: 8 bytes\nframe #0: f"),
            "[enforce fail] can't allocate memory: 8 bytes");
  EXPECT_EQ(allocation_fault("The following operation failed in the TorchScript interpreter.\n"
                             "Traceback of TorchScript (most recent call last):\n  File \"x\", line 3\n"
                             "RuntimeError: DefaultCPUAllocator: can't allocate memory: 8 bytes\n"),
            "RuntimeError: DefaultCPUAllocator: can't allocate memory: 8 bytes");
  EXPECT_EQ(allocation_fault("The following operation failed in the TorchScript interpreter.\n"
                             "RuntimeError: CUDA out of memory. Tried to allocate 20.00 GiB.\n"),
            "RuntimeError: CUDA out of memory. Tried to allocate 20.00 GiB.");
}

/// In a process of its own: what is remembered stays.
TEST(OutOfMemory, IsRememberedBehindTheErrorsThatFollow) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's operator new calls no handler";
#endif
  const auto exhaust = [] {
    remember_failed_allocations();
    const volatile size_t too_much = SIZE_MAX / 4;
    try {
      ::operator delete(::operator new(too_much));
    } catch (const std::bad_alloc&) {  // as a stream swallows it
      std::_Exit(is_out_of_memory(std::runtime_error("expected a colon")) ? 5 : 1);
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(exhaust(), ::testing::ExitedWithCode(5), "");
}

}  // namespace
}  // namespace bernoulli

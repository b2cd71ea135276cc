#pragma once

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <c10/core/DeviceType.h>

#include "tensor/device.h"

namespace bernoulli {

/// The CUDA library of this build is the one that is asked; before anything asks for a device.
inline void use_built_cuda_library() {
#if defined(BERNOULLI_TEST_CUDA_LIBRARY)
  ::setenv("BERNOULLI_CUDA_LIBRARY", BERNOULLI_TEST_CUDA_LIBRARY, 0);
#endif
}

/// Why tests that need a card are skipped; empty: there is one.
inline std::string why_no_card() {
  use_built_cuda_library();
  std::string why_none;
  return num_cuda_devices(&why_none) > 0 ? "" : why_none;
}

/// Tests that run on a card, where there is one. It is opened before any gradient is taken, also one of the
/// processor: LibTorch looks for its CUDA half at the first (docs/cuda.md).
template <typename Param>
class TestOnCard : public ::testing::TestWithParam<Param> {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_card(); !why.empty()) GTEST_SKIP() << why;
    if (c10::is_privateuse1_backend_registered())
      GTEST_SKIP() << "other tests of this process play a device of their own: run --gtest_filter=*OnCard*";
    open_device("cuda:0");
  }
};

}  // namespace bernoulli

#include "core/device_failure.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

TEST(DeviceFailure, IsKnownByWhatLibTorchSaysOfItAndToldInOneLine) {
  EXPECT_EQ(device_fault("CUDA error: an illegal memory access was encountered\n"
                         "Search for `cudaErrorIllegalAddress' in https://docs.nvidia.com for more "
                         "information.\nException raised from f at x.cpp:1"),
            "CUDA error: an illegal memory access was encountered");
  EXPECT_EQ(device_fault("The following operation failed in the TorchScript interpreter.\n"
                         "RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED\n"),
            "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED");
  EXPECT_EQ(device_fault("CUDA driver error: unknown error"), "CUDA driver error: unknown error");
  EXPECT_EQ(device_fault("expected a colon"), "");
  EXPECT_EQ(device_failure("CUDA error: unspecified launch failure"),
            "the CUDA device failed: CUDA error: unspecified launch failure. Look at nvidia-smi and dmesg; a "
            "training's last checkpoint is good, and --resume goes on from it");
}

}  // namespace
}  // namespace bernoulli

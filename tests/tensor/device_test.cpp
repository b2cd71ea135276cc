#include "tensor/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace bernoulli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Message of the error of this type, or what came instead.
template <typename ExpectedError>
std::string refusal(const std::string& name) {
  try {
    return "opened " + open_device(name).str();
  } catch (const ExpectedError& error) {
    return error.what();
  }
}

TEST(Device, OpensTheCpu) { EXPECT_EQ(open_device("cpu").str(), "cpu"); }

TEST(Device, RefusesOtherWords) {
  for (const char* name :
       {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:1x", "cuda: 1", "cuda:99999999999"}) {
    EXPECT_EQ(refusal<UsageError>(name),
              std::string("unknown device '") + name + "' (expected auto, cpu, cuda or cuda:N)");
  }
}

TEST(Device, SaysWhyThereIsNoCudaAndWhatToDo) {
  std::string why_none;
  if (num_cuda_devices(&why_none) > 0) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_FALSE(why_none.empty());
  EXPECT_EQ(open_device("auto").str(), "cpu");
  for (const char* name : {"cuda", "cuda:0", "cuda:7"}) {
    EXPECT_THAT(refusal<DeviceError>(name),
                AllOf(StartsWith(std::string("device '") + name + "' is not available: "),
                      HasSubstr(why_none), HasSubstr("--device cpu")));
  }
}

}  // namespace
}  // namespace bernoulli

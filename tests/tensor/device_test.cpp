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

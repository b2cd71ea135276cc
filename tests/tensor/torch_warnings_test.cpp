#include "tensor/torch_warnings.h"

#include <gtest/gtest.h>

#include <c10/util/Exception.h>

#include "tensor/device.h"

namespace bernoulli {
namespace {

/// What comes of LibTorch's warnings on standard error.
template <class Call>
std::string told(const Call& call) {
  c10::WarningHandler* const before = c10::WarningUtils::get_warning_handler();
  const c10::WarningUtils::WarningHandlerGuard guard(before);
  tell_torch_warnings_once();
  ::testing::internal::CaptureStderr();
  call();
  return ::testing::internal::GetCapturedStderr();
}

TEST(TorchWarnings, AreToldOnceEach) {
  const std::string said = told([] {
    for (int i = 0; i < 3; ++i) {
      TORCH_WARN("the first");
      TORCH_WARN("the second");
    }
  });
  EXPECT_EQ(said, "warning: LibTorch: the first\nwarning: LibTorch: the second\n");
}

TEST(TorchWarnings, OfWhatNobodyHereCanChangeAreLeftOut) {
  EXPECT_EQ(
      told([] {
        TORCH_WARN(
            "RNN module weights are not part of single contiguous chunk of memory. This means they need to "
            "be compacted at every call, possibly greatly increasing memory usage. To compact weights "
            "again call flatten_parameters().");
      }),
      "");
}

TEST(TorchWarnings, AreHeardFromTheOpeningOfADeviceOn) {
  const c10::WarningUtils::WarningHandlerGuard guard(c10::WarningUtils::get_warning_handler());
  open_device("cpu");
  ::testing::internal::CaptureStderr();
  TORCH_WARN("behind the opening");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: LibTorch: behind the opening\n");
}

}  // namespace
}  // namespace bernoulli

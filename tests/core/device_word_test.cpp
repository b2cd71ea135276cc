#include "core/device_word.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/message_of.h"

namespace bernoulli::testing {
namespace {

TEST(DeviceWord, IsOneOfFour) {
  using Kind = DeviceWord::Kind;
  EXPECT_EQ(parse_device("auto").kind, Kind::kAuto);
  EXPECT_EQ(parse_device("cpu").kind, Kind::kCpu);
  EXPECT_EQ(parse_device("cuda").kind, Kind::kCuda);
  EXPECT_EQ(parse_device("cuda").index, std::nullopt);
  EXPECT_EQ(parse_device("cuda:12").kind, Kind::kCuda);
  EXPECT_EQ(parse_device("cuda:12").index, 12);
}

TEST(DeviceWord, AnyOtherIsRefused) {
  for (const char* word :
       {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:1x", "cuda: 1", "cuda:99999999999"})
    EXPECT_EQ(message_of<UsageError>([&] { parse_device(word); }),
              std::string("unknown device '") + word + "' (expected auto, cpu, cuda or cuda:N)");
}

}  // namespace
}  // namespace bernoulli::testing

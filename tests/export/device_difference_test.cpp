#include "export/device_difference.h"

#include <vector>

#include <gmock/gmock.h>

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

TEST(DeviceDifference, IsTheLargestOfAProbability) {
  // sigmoid(log 3) is 3/4, sigmoid(-log 3) is 1/4; far out a large step of a logit is a small one.
  const std::vector<float> card = {0, 1.0986123F, 40}, cpu = {0, -1.0986123F, 50};
  EXPECT_NEAR(device_difference(card, cpu), 0.5, 1e-6);
  EXPECT_NEAR(device_difference(cpu, card), 0.5, 1e-6);
  EXPECT_EQ(device_difference(card, card), 0);
  EXPECT_EQ(device_difference({}, {}), 0);
}

TEST(DeviceDifference, IsWarnedOfWhereItIsMoreThanRounding) {
  EXPECT_EQ(device_difference_warning(0, "cuda:0", "test"), "");
  EXPECT_EQ(device_difference_warning(4e-6, "cuda:0", "test"), "");
  const std::string warning = device_difference_warning(0.002, "cuda:1", "validation");
  EXPECT_THAT(warning,
              HasSubstr("cuda:1 and the CPU differ by 0.002 in a probability of the validation data"));
  EXPECT_THAT(warning, HasSubstr("--device cpu"));
}

}  // namespace
}  // namespace bernoulli

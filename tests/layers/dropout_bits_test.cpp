#include "layers/dropout_bits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layers/plan_fixture.h"

namespace bernoulli::layers {
namespace {

using ::testing::IsEmpty;
using testing::plan;

TEST(DropoutBits, AreThoseOfRatesThatTheyMeet) {
  EXPECT_EQ(dropout_keep_of_65536(0.5), 32768);
  EXPECT_EQ(dropout_keep_of_65536(0.2), 52429);
  EXPECT_EQ(dropout_keep_of_65536(0.01), 64881);
  // 1e-4 would be 1.07e-4, and .99999 would be .999985.
  for (const double rate : {0.0, 1e-6, 1e-5, 1e-4, 0.9999, 0.99999, 0.999999})
    EXPECT_EQ(dropout_keep_of_65536(rate), std::nullopt) << rate;
}

TEST(DropoutBits, AreNotDrawnForARateThatTheyDoNotMeet) {
  EXPECT_EQ(plan("[{embedding: 4}, {dropout: 0.5}, mean_pool, {linear: 1}]").layers[1].plan.training_script,
            "return bernoulli.dropout(x, 32768)");
  EXPECT_THAT(
      plan("[{embedding: 4}, {dropout: 1.0e-4}, mean_pool, {linear: 1}]").layers[1].plan.training_script,
      IsEmpty());
}

}  // namespace
}  // namespace bernoulli::layers

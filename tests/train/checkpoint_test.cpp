// What may stand in a checkpoint of a training, and what is refused.

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "core/error.h"
#include "support/message_of.h"
#include "train/non_finite.h"
#include "train/trainer_state.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

constexpr double kBeyond = std::numeric_limits<double>::infinity();

TEST(CheckpointState, KeepsALogitThatIsInfinite) {
  TrainerState state;
  state.telemetry.max_abs_logit = kBeyond;
  const std::string kept = to_json(state).dump();
  EXPECT_EQ(trainer_state_from_json(nlohmann::ordered_json::parse(kept), 1).telemetry.max_abs_logit,
            state.telemetry.max_abs_logit);
}

TEST(CheckpointState, IsRefusedForAnOptimizerStateThatIsNotFinite) {
  Checkpoint checkpoint;
  checkpoint.step = 7;
  checkpoint.weights = {{"linear_0.weight", at::zeros({1, 2})}};
  checkpoint.training = {{"optimizer/linear_0.weight.exp_avg", at::zeros({1, 2})},
                         {"optimizer/linear_0.weight.exp_avg_sq", at::full({1, 2}, kBeyond)}};
  const auto refusal = [&](int64_t last_saved) {
    return testing::message_of<NonFiniteError>([&] { refuse_non_finite_state(checkpoint, last_saved); });
  };
  EXPECT_THAT(refusal(-1), HasSubstr("step 7: after this update there are numbers that are not finite in "
                                     "optimizer/linear_0.weight.exp_avg_sq. They were not saved; there is "
                                     "no earlier checkpoint."));
  EXPECT_THAT(refusal(4), HasSubstr("the last checkpoint, of step 4, is good."));
  checkpoint.training.pop_back();
  EXPECT_NO_THROW(refuse_non_finite_state(checkpoint, 4));
}

}  // namespace
}  // namespace bernoulli

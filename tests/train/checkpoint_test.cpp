// What may stand in a checkpoint of a training, and what is refused.

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "train/trainer_state.h"

namespace bernoulli {
namespace {

TEST(CheckpointState, KeepsALogitThatIsInfinite) {
  TrainerState state;
  state.telemetry.max_abs_logit = std::numeric_limits<double>::infinity();
  const std::string kept = to_json(state).dump();
  EXPECT_EQ(trainer_state_from_json(nlohmann::ordered_json::parse(kept), 1).telemetry.max_abs_logit,
            state.telemetry.max_abs_logit);
}

}  // namespace
}  // namespace bernoulli

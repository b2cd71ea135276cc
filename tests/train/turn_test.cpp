#include "train/turn.h"

#include <gtest/gtest.h>

namespace bernoulli {
namespace {

struct TurnCase {
  const char* what;
  Standing standing;
  Turn turn;
};

/// 8 updates an epoch; validated every second epoch and every 5 updates, saved every 3.
TrainingConfig settings() {
  TrainingConfig training;
  training.validate_every_epochs = 2;
  training.validate_every_steps = 5;
  training.checkpoint_every_steps = 3;
  return training;
}

TEST(NextTurn, IsWhatIsDue) {
  const TurnCase cases[] = {
      {"at the start", {0, 0, -1, false}, Turn::kUpdate},
      {"between", {1, 0, -1, false}, Turn::kUpdate},
      {"a checkpoint", {3, 0, -1, false}, Turn::kSave},
      {"behind it", {3, 0, 3, false}, Turn::kUpdate},
      {"a validation by steps", {5, 0, 3, false}, Turn::kValidate},
      {"behind it", {5, 5, 5, false}, Turn::kUpdate},
      {"one epoch", {8, 5, 6, false}, Turn::kUpdate},
      {"two epochs", {16, 15, 15, false}, Turn::kValidate},
      {"both: the validation saves", {15, 10, 12, false}, Turn::kValidate},
      {"saved on the way to a validation", {15, 10, 15, false}, Turn::kValidate},
      {"the limit", {7, 5, 6, true}, Turn::kValidate},
      {"the limit, saved and not validated", {7, 5, 7, true}, Turn::kValidate},
      {"the limit, validated and not saved", {7, 7, 6, true}, Turn::kSave},
      {"the limit, both done", {7, 7, 7, true}, Turn::kEnd},
      {"nothing to train", {0, 0, -1, true}, Turn::kEnd},
      {"a pause behind an epoch without a validation", {8, 5, 6, false, true}, Turn::kSave},
      {"behind its save", {8, 5, 8, false, true}, Turn::kEnd},
      {"a pause where a validation is due", {16, 15, 15, false, true}, Turn::kValidate},
      {"behind it", {16, 16, 16, false, true}, Turn::kEnd},
      {"a pause at the limit, which has to be validated", {8, 5, 8, true, true}, Turn::kValidate},
  };
  for (const TurnCase& one : cases) EXPECT_EQ(next_turn(settings(), 8, one.standing), one.turn) << one.what;
}

/// However the clock answers from turn to turn, a training is left with its last step validated and saved.
TEST(NextTurn, EndsBehindAValidatedAndSavedStepWheneverTheTimeIsOver) {
  for (const bool sparse : {false, true}) {
    const TrainingConfig training = sparse ? TrainingConfig{} : settings();
    for (int late_from = 1; late_from < 60; ++late_from) {  // the turn from which on the time is over
      Standing now;
      for (int turns = 1;; ++turns) {
        now.limit_reached = now.step > 0 && turns >= late_from;
        const Turn turn = next_turn(training, 1000, now);
        if (turn == Turn::kEnd) break;
        if (turn == Turn::kUpdate) ++now.step;
        if (turn == Turn::kValidate) now.validated_step = now.saved_step = now.step;
        if (turn == Turn::kSave) now.saved_step = now.step;
      }
      EXPECT_GT(now.step, 0) << late_from;
      EXPECT_EQ(now.validated_step, now.step) << late_from;
      EXPECT_EQ(now.saved_step, now.step) << late_from;
    }
  }
}

}  // namespace
}  // namespace bernoulli

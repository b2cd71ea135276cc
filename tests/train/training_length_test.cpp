#include "train/training_length.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/trainer_session.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Trainer, WarnsOfAWarmupThatOutlastsTheTraining) {
  Session session({"training.epochs=1", "training.schedule={cosine: {warmup_steps: 8}}"});
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(session.train().steps, 8);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("training.schedule.cosine.warmup_steps is 8, and the training has 8 updates"));
  Session shorter({"training.epochs=1", "training.schedule={cosine: {warmup_steps: 7}}"});
  ::testing::internal::CaptureStderr();
  shorter.train();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::Not(HasSubstr("warmup_steps")));
}

TEST(Trainer, WarnsOfSettingsThatTheTrainingIsTooShortFor) {
  const auto warning = [](const std::vector<std::string>& settings) {
    Session session(settings);  // 8 updates an epoch
    ::testing::internal::CaptureStderr();
    session.train();
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(
      warning({"training.epochs=2", "optimizer={adam: {lr: 0.01}, ema_decay: 0.999}"}),
      HasSubstr("optimizer.ema_decay is 0.999, and the training has 16 updates: the averages, which are "
                "what is validated and exported, keep 98 % of the weights that it began with; 0.75 would"));
  EXPECT_THAT(warning({"training.epochs=2", "training.schedule={step: {step_epochs: 2}}"}),
              HasSubstr("training.schedule.step.step_epochs is 2, and the training has 2 epochs"));
  EXPECT_THAT(warning({"training.epochs=2", "training.schedule={multi_step: {milestones: [2, 3]}}"}),
              HasSubstr("training.schedule.multi_step.milestones[0] is 2, and the training has 2 epochs"));
  EXPECT_THAT(
      warning({"training.epochs=3", "training.schedule={reduce_on_plateau: {patience: 1}}"}),
      HasSubstr("training.schedule.reduce_on_plateau.patience is 1, and the training has 3 validations"));
  EXPECT_THAT(
      warning({"training.epochs=4", "training.early_stopping=2", "training.schedule={step: {step_epochs: 3}}",
               "optimizer={adam: {lr: 0.01}, ema_decay: 0.9}"}),
      Not(HasSubstr("and the training has")));
}

TEST(Trainer, CountsTheValidationsThatAPlateauNeeds) {
  const auto never_acts = [](const TrainingConfig& limits, int64_t total_steps) {
    RunConfig config;
    config.training = limits;
    config.training.schedule = {"reduce_on_plateau", {{"patience", 0}}, {}};
    ::testing::internal::CaptureStderr();
    warn_of_length(config, {8, total_steps});
    return ::testing::internal::GetCapturedStderr().find("the learning rate never changes") !=
           std::string::npos;
  };
  TrainingConfig by_epochs, by_both;
  by_both.validate_every_steps = 4;
  EXPECT_TRUE(never_acts(by_epochs, 16)) << "at 8 and 16: behind the second there is no update";
  EXPECT_FALSE(never_acts(by_epochs, 20)) << "at 8, 16 and 20";
  EXPECT_FALSE(never_acts(by_epochs, 24));
  EXPECT_TRUE(never_acts(by_both, 8)) << "at 4 and 8, which is one";
  EXPECT_FALSE(never_acts(by_both, 12));
}

TEST(Trainer, WarnsWhereAnotherLengthBendsTheSchedule) {
  const auto warning = [](const KindConfig& schedule, int64_t step) {
    TrainingConfig training;
    training.schedule = schedule;
    ::testing::internal::CaptureStderr();
    warn_of_new_length(training, {8, 16}, {8, 32}, step);
    return ::testing::internal::GetCapturedStderr();
  };
  const KindConfig linear{"linear", {{"final_factor", 0.0}, {"warmup_steps", 0}}, {}},
      constant{"constant", {}, {}};
  EXPECT_THAT(
      warning(linear, 15),
      HasSubstr(
          "training.schedule.linear spans the whole training, which now has 32 updates instead of 16: the "
          "learning rate goes on at 0.516 of its base where the earlier length had 0,"));
  EXPECT_EQ(warning(constant, 15), "");
  EXPECT_EQ(warning(linear, 32), "") << "nothing is left to train";
}

}  // namespace
}  // namespace bernoulli

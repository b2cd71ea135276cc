#include "train/trainer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/allclose.h>
#include <ATen/ops/isfinite.h>

#include "core/error.h"
#include "metrics/thresholds.h"
#include "train/evaluate.h"
#include "train/trainer_session.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;

TEST(Trainer, LearnsASeparableTask) {
  Session session({"training.epochs=30"});
  session.train();
  EXPECT_EQ(session.logged("validation", "accuracy").back(), 1.0);
  EXPECT_THAT(session.logged("train", "loss").back(), Lt(0.1));
}

TEST(Trainer, RepeatsItselfBitForBit) {
  Session first, second;
  const int64_t last = first.train().steps;
  second.train();
  EXPECT_EQ(first.checkpoint_bytes(last), second.checkpoint_bytes(last));
}

/// Holds each announcement against the examples that come.
class AnnouncedStep : public KilledStep {
 public:
  explicit AnnouncedStep(Step& step) : KilledStep(step, std::nullopt, 1) {}
  void announce(std::span<const int64_t> examples) override {
    next_.emplace(examples.begin(), examples.end());
  }
  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override {
    if (expected_) {
      ++num_announced;
      EXPECT_EQ(*expected_, std::vector<int64_t>(examples.begin(), examples.end())) << step;
    }
    expected_ = std::exchange(next_, std::nullopt);
    return KilledStep::update(examples, step, lr);
  }
  int num_announced = 0;

 private:
  std::optional<std::vector<int64_t>> next_, expected_;
};

TEST(Trainer, AnnouncesTheExamplesOfTheNextUpdateWithinAnEpoch) {
  Session session({"training.epochs=3", "training.validate_every_steps=3", "training.max_steps=22"});
  const EngineChoice engine = session.engine();
  AnnouncedStep step(*engine.step);
  session.train_with(step);
  EXPECT_EQ(step.num_announced, 22 - 3);  // the first of each epoch is not
}

/// 60 examples, 8 updates an epoch.
TEST(Trainer, ValidatesAfterEveryNthEpochAndAtTheEnd) {
  Session session({"training.epochs=5", "training.validate_every_epochs=2", "training.keep_best=100"});
  session.train();
  EXPECT_EQ(session.checkpoint_steps(), (std::vector<int64_t>{16, 32, 40}));
  EXPECT_EQ(session.logged("validation", "loss").size(), 3u);
}

/// 60 examples, 8 updates an epoch; what is due in between ends a run of updates.
TEST(Trainer, AnEngineThatRunsAheadSavesTheSameBytes) {
  const std::vector<std::string> overrides = {
      "training.epochs=3",     "training.validate_every_steps=3", "training.checkpoint_every_steps=5",
      "training.max_steps=22", "training.keep_best=100",          "training.schedule={cosine: {}}"};
  Session one(overrides);
  one.train();
  ASSERT_GT(one.checkpoint_steps().size(), 5u);
  for (const int64_t largest_copy : {CheckpointKeeper::kLargestCopy, int64_t{0}}) {
    SCOPED_TRACE(largest_copy);
    Session many(overrides);
    many.largest_copy = largest_copy;
    many.train(std::nullopt, 1000);
    EXPECT_EQ(one.checkpoint_steps(), many.checkpoint_steps());
    for (const int64_t step : one.checkpoint_steps())
      EXPECT_EQ(one.checkpoint_bytes(step), many.checkpoint_bytes(step)) << step;
    for (const char* key : {"loss", "gradient_norm"})
      EXPECT_EQ(one.logged("train", key), many.logged("train", key));
  }
}

TEST(Trainer, AnotherSeedGivesOtherWeights) {
  Session first, second({"training.seed=6"});
  const int64_t last = first.train().steps;
  second.train();
  EXPECT_NE(first.checkpoint_bytes(last), second.checkpoint_bytes(last));
}

TEST(Trainer, RecordsAndReportsWrongAnswersWithoutGradient) {
  const std::vector<std::string> hot = {"optimizer.adam.lr=50", "training.epochs=2"};
  const auto with_mode = [&](const char* mode) {
    std::vector<std::string> overrides = hot;
    overrides.push_back(std::string("loss.mode=") + mode);
    return overrides;
  };
  Session probabilities(with_mode("sigmoid_bce")), logits(with_mode("bce_with_logits"));
  ::testing::internal::CaptureStderr();
  probabilities.train();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("Set loss.mode: bce_with_logits"));
  ::testing::internal::CaptureStderr();
  logits.train();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("no gradient")));
  EXPECT_GT(probabilities.logged("stability", "wrong_and_dead").front(), 0.0);
  EXPECT_EQ(logits.logged("stability", "wrong_and_dead").front(), 0.0);
  for (Session* session : {&probabilities, &logits}) {
    EXPECT_GT(session->logged("stability", "saturated").front(), 0.0);
    EXPECT_GT(session->logged("stability", "max_abs_logit").front(), 16.6);
  }
}

struct Variant {
  const char* name;
  std::vector<std::string> overrides;
  int64_t largest_copy = CheckpointKeeper::kLargestCopy;
};

class ResumeTest : public ::testing::TestWithParam<Variant> {};

TEST_P(ResumeTest, GivesTheBytesOfARunThatWasNeverStopped) {
  std::vector<std::string> overrides = GetParam().overrides;
  overrides.push_back("training.checkpoint_every_steps=1");
  Session whole(overrides);
  const int64_t last = whole.train().steps;
  const std::string expected = whole.checkpoint_bytes(last);
  for (int64_t killed_at = 0; killed_at < last; killed_at += 2) {
    Session resumed(overrides);
    resumed.largest_copy = GetParam().largest_copy;
    EXPECT_THROW(resumed.train(killed_at), Killed);
    resumed.train();
    EXPECT_EQ(resumed.checkpoint_bytes(last), expected) << "killed in step " << killed_at;
    EXPECT_EQ(resumed.logged("validation", "loss"), whole.logged("validation", "loss"));
    EXPECT_EQ(resumed.logged("train", "loss"), whole.logged("train", "loss"));
    EXPECT_EQ(resumed.logged("stability", "max_abs_logit"), whole.logged("stability", "max_abs_logit"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Trainer, ResumeTest,
    ::testing::Values(
        Variant{"adam", {}}, Variant{"state_that_is_not_copied", {}, 0},
        Variant{"reference", {"training.engine=reference"}}, Variant{"average", {"optimizer.ema_decay=0.9"}},
        Variant{"accumulation", {"training.accumulate=2", "optimizer.clip_norm=0.05"}},
        Variant{"schedule",
                {"training.schedule={cosine: {warmup_steps: 5}}", "training.validate_every_steps=4"}},
        Variant{"plateau",
                {"training.schedule={reduce_on_plateau: {patience: 0, factor: 0.5}}",
                 "training.early_stopping={patience: 2}"}},
        Variant{"sgd_momentum", {"optimizer={sgd: {lr: 0.1, momentum: 0.9}}"}},
        Variant{"reference_sgd_momentum",
                {"training.engine=reference", "optimizer={sgd: {lr: 0.1, momentum: 0.9}}"}},
        Variant{"keep_two_best", {"training.keep_best=2", "training.monitor=f1"}},
        Variant{"fitted_threshold",
                {"training.monitor=recall",
                 "metrics.threshold={recall_at_precision: {precision: 0.6, confidence: 0.7}}",
                 "training.early_stopping={patience: 2}"}}),
    [](const auto& test) { return test.param.name; });

TEST(Trainer, RefusesACheckpointOfOtherData) {
  Session session({"training.checkpoint_every_steps=1"});
  EXPECT_THROW(session.train(5), Killed);
  Session other({"training.checkpoint_every_steps=1"}, rows() + "fine more,good\n");
  other.take_checkpoints_of(session);
  try {
    other.train();
    FAIL() << "continued on other data";
  } catch (const ArtifactError& error) {
    EXPECT_THAT(error.what(), HasSubstr("belongs to another data"));
  }
}

TEST(Trainer, KeepsTheBestAndTheLastTwoCheckpointsOnly) {
  Session session({"training.epochs=6", "training.keep_best=2"});
  const TrainingOutcome outcome = session.train();
  const std::vector<int64_t> steps = session.checkpoint_steps();
  EXPECT_LE(steps.size(), 4u);
  EXPECT_THAT(steps, ::testing::Contains(outcome.final_step));
  EXPECT_THAT(steps, ::testing::Contains(outcome.steps));
  const std::vector<double> losses = session.logged("validation", "loss");
  EXPECT_EQ(*outcome.best_value, *std::min_element(losses.begin(), losses.end()));
}

TEST(Trainer, TakesTheNextBestWhereTheBestCheckpointIsDamagedOrGone) {
  // The loss falls, so that the first validations are the best ones by this mode.
  const std::vector<std::string> settings = {"training.epochs=6", "training.keep_best=3",
                                             "training.monitor={metric: loss, mode: max}"};
  Session session(settings);
  EXPECT_EQ(session.train().final_epoch, 1);
  const std::vector<int64_t> steps = session.checkpoint_steps();
  fs::resize_file(session.checkpoint_path(steps[0]), 1000);
  fs::remove(session.checkpoint_path(steps[1]));
  ::testing::internal::CaptureStderr();
  const TrainingOutcome outcome = session.train();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(outcome.final_step, steps[2]);
  EXPECT_THAT(log, HasSubstr("the next best of those that are left takes its place"));
  EXPECT_THAT(log, HasSubstr(session.checkpoint_path(steps[1]).string()));
}

TEST(Trainer, TakesTheBestOfTheLastTwoWhereTheOnlyBestCheckpointIsGone) {
  Session session(
      {"training.epochs=6", "training.keep_best=1", "training.monitor={metric: loss, mode: max}"});
  const TrainingOutcome whole = session.train();
  const std::vector<int64_t> steps = session.checkpoint_steps();
  ASSERT_EQ(steps.size(), 3u);
  ASSERT_EQ(whole.final_step, steps[0]);
  fs::remove(session.checkpoint_path(steps[0]));
  const TrainingOutcome outcome = session.train();
  EXPECT_EQ(outcome.final_step, steps[1]);  // the loss falls, and the highest is asked for
  EXPECT_EQ(outcome.best_value, session.logged("validation", "loss")[4]);
}

TEST(Trainer, SaysThatTheLastCheckpointIsTakenWhereNoValidationIsKnown) {
  Session session(
      {"training.epochs=6", "training.keep_best=1", "training.monitor={metric: loss, mode: max}"});
  const TrainingOutcome whole = session.train();
  fs::remove(session.checkpoint_path(whole.final_step));
  fs::remove(session.metrics_path());
  ::testing::internal::CaptureStderr();
  const TrainingOutcome outcome = session.train();
  EXPECT_EQ(outcome.final_step, whole.steps);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("no checkpoint that is left has a known validation loss"));
}

/// Of few positives, some of which read like the others, a model is never more than half sure.
const std::vector<std::string> kUnsure = {"training.epochs=4", "training.monitor=f1",
                                          "optimizer.adam.lr=0.01"};
std::string rare_rows() {
  std::string csv = "text,label\n";
  for (int i = 0; i < 80; ++i)
    csv += std::string((i % 8 == 0 && i % 24 != 0) || i % 20 == 7 ? "fine" : "dull") + " w" +
           std::to_string(i % 7) + " w" + std::to_string(i % 11) + "," + (i % 8 == 0 ? "good" : "bad") + "\n";
  return csv;
}

std::vector<std::string> with(std::vector<std::string> settings, const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

TEST(Trainer, ValidatesAtTheThresholdThatItWouldFitThen) {
  Session half(kUnsure, rare_rows()), fitted(with(kUnsure, {"metrics.threshold=max_f1"}), rare_rows());
  ::testing::internal::CaptureStderr();
  half.train();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("warning: validation f1 was 0 at each of 4 validations and tells no checkpoint from "
                        "another: that of step 8, the first one, is kept, however little it was trained; set "
                        "training.monitor to a metric that moves, such as loss or average_precision, or "
                        "metrics.threshold to one that is fitted\n"));
  const EngineChoice engine = fitted.engine();
  ::testing::internal::CaptureStderr();
  const TrainingOutcome outcome = fitted.train_with(*engine.step);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("f1 was 0")));
  EXPECT_EQ(half.logged("validation", "loss"), fitted.logged("validation", "loss"));
  EXPECT_EQ(half.logged("validation", "roc_auc"), fitted.logged("validation", "roc_auc"));
  const std::vector<double> f1 = fitted.logged("validation", "f1");
  EXPECT_GT(*std::min_element(f1.begin(), f1.end()), 0);
  EXPECT_EQ(outcome.best_value, *std::max_element(f1.begin(), f1.end()));
  // The engine has the weights of the last validation.
  const PreparedRun& run = fitted.prepared();
  const std::vector<float> logits = engine.step->logits(run.validation->rows);
  const Predictions predictions = predictions_of(logits, *run.validation);
  const auto thresholds = choose_thresholds(predictions, fitted.config().metrics.threshold).thresholds;
  const MetricReport last =
      evaluate_logits(predictions, *run.loss, fitted.config(), run.labels.names, thresholds);
  for (const char* name : {"f1", "accuracy", "recall"})
    EXPECT_EQ(fitted.logged("validation", name).back(), last.find(name)->value) << name;
}

TEST(Trainer, AModelThatMissesTheDemandOfTheThresholdIsNeverTheBest) {
  Session session({"training.monitor=recall",  // 20 validation examples promise no such precision
                   "metrics.threshold={recall_at_precision: {precision: 0.99, confidence: 0.99}}"});
  ::testing::internal::CaptureStderr();
  const TrainingOutcome outcome = session.train();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("step 8: validation recall is undefined (cannot fit a threshold: on the validation "
                        "data no threshold reaches precision 0.99 with confidence 0.99: the best is 0."));
  EXPECT_FALSE(outcome.best_value);
  EXPECT_EQ(outcome.final_step, outcome.steps);
  EXPECT_EQ(session.logged("validation", "recall").size(), 0u);
  EXPECT_EQ(session.logged("validation", "roc_auc").size(), 3u);
}

TEST(Trainer, GoesOnJudgingAsTheRunBegan) {
  const std::vector<std::string> half = with(kUnsure, {"training.checkpoint_every_steps=1"}),
                                 fitted = with(half, {"metrics.threshold=max_f1"});
  Session whole(half, rare_rows()), begun(half, rare_rows());
  const int64_t last = whole.train().steps;
  EXPECT_THROW(begun.train(20), Killed);
  const auto end_of = [&](const Session& from, std::optional<nlohmann::json> threshold) {
    auto session = std::make_unique<Session>(fitted, rare_rows());
    session->take_checkpoints_of(from);
    if (threshold) session->rewrite_threshold(*threshold);
    ::testing::internal::CaptureStderr();
    session->train();
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                HasSubstr("training.monitor is f1, and the validations so far were judged at another "
                          "threshold than metrics.threshold asks for now: those to come are judged as those "
                          "so far"));
    return session;
  };
  const auto changed = end_of(begun, std::nullopt);
  EXPECT_EQ(changed->checkpoint_bytes(last), whole.checkpoint_bytes(last));
  EXPECT_EQ(changed->logged("validation", "f1"), (std::vector<double>{0, 0})) << "of the last two epochs";
  const auto earlier = end_of(begun, nlohmann::json());  // a checkpoint of an earlier version
  EXPECT_EQ(earlier->logged("validation", "f1"), (std::vector<double>{0, 0}));
  EXPECT_EQ(earlier->checkpoint_bytes(last), whole.checkpoint_bytes(last));
  const auto members = end_of(begun, nlohmann::json::parse(R"({"method": "fixed", "value": 0.5,
      "confidence": null, "min_positives": 0, "beta": 1.0, "values": [], "value_of": []})"));
  EXPECT_EQ(members->checkpoint_bytes(last), whole.checkpoint_bytes(last));
  Session damaged(fitted, rare_rows());
  damaged.take_checkpoints_of(begun);
  damaged.rewrite_threshold({{"method", "guess"}});
  EXPECT_THROW(damaged.train(), ArtifactError);
  damaged.rewrite_threshold({{"fixed", {{"value", 2}}}});
  EXPECT_THROW(damaged.train(), ArtifactError);
}

TEST(Trainer, StopsEarlyWhenTheMetricStopsImproving) {
  // min_delta 10 lets no later validation count as an improvement over the first.
  Session session({"training.epochs=50", "training.early_stopping={patience: 2, min_delta: 10}"});
  const TrainingOutcome outcome = session.train();
  EXPECT_EQ(outcome.stop_reason, "early_stopping");
  EXPECT_EQ(outcome.epochs, 3);
}

TEST(Trainer, MeasuresMinDeltaFromTheLastImprovementThatCounted) {
  const std::vector<std::string> settings = {"training.epochs=5", "optimizer={sgd: {lr: 0.02}}"};
  Session plain(settings);
  plain.train();
  const std::vector<double> losses = plain.logged("validation", "loss");
  ASSERT_EQ(losses.size(), 5u);
  double min_delta = 0;  // what no epoch gains alone, and any two do together
  for (size_t i = 1; i < losses.size(); ++i)
    min_delta = std::max(min_delta, 1.01 * (losses[i - 1] - losses[i]));
  for (size_t i = 2; i < losses.size(); ++i) ASSERT_GT(losses[i - 2] - losses[i], min_delta) << i;
  const auto with_patience = [&](int patience) {
    std::vector<std::string> more = settings;
    more.push_back(
        fmt::format("training.early_stopping={{patience: {}, min_delta: {}}}", patience, min_delta));
    return more;
  };
  Session impatient(with_patience(1)), whole(with_patience(2)), killed(with_patience(2));
  EXPECT_EQ(impatient.train().epochs, 2);
  const TrainingOutcome outcome = whole.train();
  EXPECT_EQ(outcome.stop_reason, "epochs");
  EXPECT_THROW(killed.train(8 * 2 + 1), Killed);  // behind a validation that did not count
  killed.train();
  EXPECT_EQ(killed.checkpoint_bytes(outcome.steps), whole.checkpoint_bytes(outcome.steps));
}

TEST(Trainer, GoesOnAfterAnEarlyStopWhereMorePatienceIsGiven) {
  const auto settings = [](const char* patience) {
    return std::vector<std::string>{
        "training.epochs=5",
        std::string("training.early_stopping={min_delta: 10, patience: ") + patience + "}"};
  };
  Session impatient(settings("2")), patient(settings("10")), whole(settings("10"));
  EXPECT_EQ(impatient.train().epochs, 3);
  patient.take_checkpoints_of(impatient);
  EXPECT_EQ(patient.train().stop_reason, "epochs");
  const int64_t last = whole.train().steps;
  EXPECT_EQ(patient.checkpoint_bytes(last), whole.checkpoint_bytes(last));
}

TEST(Trainer, PausesBehindAnEpochAndGoesOnToTheSameBytes) {
  for (const char* every : {"1", "2"}) {  // the second pauses where nothing is validated
    SCOPED_TRACE(every);
    const std::vector<std::string> settings = {
        "training.epochs=5", std::string("training.validate_every_epochs=") + every,
        "training.schedule={cosine: {warmup_steps: 2}}", "training.early_stopping={patience: 4}"};
    Session whole(settings), paused(settings);
    const TrainingOutcome outcome = whole.train();
    for (const int64_t epoch : {1, 3, 4}) {
      const TrainingOutcome pause = paused.train_to_pause(epoch, 1000);
      EXPECT_TRUE(pause.is_paused());
      EXPECT_EQ(pause.epochs, epoch);
      EXPECT_EQ(pause.steps, epoch * 8);
      EXPECT_EQ(paused.checkpoint_steps().back(), epoch * 8);
    }
    EXPECT_EQ(paused.train_to_pause(2).steps, 32) << "behind it already: nothing is trained";
    const TrainingOutcome end = paused.train_to_pause(5);
    EXPECT_EQ(end.stop_reason, "epochs") << "its end is no pause";
    EXPECT_EQ(end.final_step, outcome.final_step);
    EXPECT_EQ(paused.checkpoint_bytes(40), whole.checkpoint_bytes(40));
    EXPECT_EQ(paused.logged("validation", "loss"), whole.logged("validation", "loss"));
    EXPECT_EQ(paused.logged("train", "lr"), whole.logged("train", "lr"));
  }
}

TEST(Trainer, EndsByItselfWhereALimitComesBeforeThePause) {
  Session session({"training.epochs=50", "training.early_stopping={patience: 2, min_delta: 10}"});
  const TrainingOutcome outcome = session.train_to_pause(20);
  EXPECT_EQ(outcome.stop_reason, "early_stopping");
  EXPECT_EQ(outcome.epochs, 3);
}

TEST(Trainer, StopsAtTheStepLimitInTheMiddleOfAnEpochAndValidatesThere) {
  Session session({"training.max_steps=11"});
  const TrainingOutcome outcome = session.train();
  EXPECT_EQ(outcome.steps, 11);
  EXPECT_EQ(outcome.stop_reason, "max_steps");
  EXPECT_EQ(session.logged("validation", "step"), (std::vector<double>{8, 11}));
}

TEST(Trainer, MakesAnUpdateHoweverLittleTimeThereIs) {
  Session session({"training.max_seconds=1e-9"});
  const TrainingOutcome outcome = session.train();
  EXPECT_EQ(outcome.stop_reason, "max_seconds");
  EXPECT_EQ(outcome.final_step, 1);
  EXPECT_EQ(session.logged("validation", "step"), (std::vector<double>{1}));
}

TEST(Trainer, LogsTheLearningRateAndWhatLowersIt) {
  Session session({"training.epochs=4", "training.schedule={step: {step_epochs: 2, gamma: 0.5}}"});
  session.train();
  EXPECT_EQ(session.logged("train", "lr"), (std::vector<double>{0.02, 0.02, 0.01, 0.01}));
  Session plateau(
      {"training.epochs=4", "training.schedule={reduce_on_plateau: {patience: 0, threshold: 0.9}}"});
  ::testing::internal::CaptureStderr();
  plateau.train();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("step 16: validation loss gains no more: the learning rate goes from 0.02 to 0.002"));
}

TEST(Trainer, AnUndefinedMetricNeverCountsAsBest) {
  // One class only in training and validation data: roc_auc is undefined.
  std::string csv = "text,label\n";
  for (int i = 0; i < 20; ++i) csv += "fine w" + std::to_string(i) + ",good\n";
  Session session({"training.monitor=roc_auc", "task.labels=[bad, good]"}, csv);
  ::testing::internal::CaptureStderr();
  const TrainingOutcome outcome = session.train();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("roc_auc is undefined"));
  EXPECT_FALSE(outcome.best_value.has_value());
  EXPECT_EQ(outcome.final_step, outcome.steps);
}

TEST(Trainer, RefusesANonFiniteLossBeforeAnyWeightMoves) {
  Session session({"optimizer={sgd: {lr: 1.0e+30}}", "training.checkpoint_every_steps=1"});
  try {
    session.train();
    FAIL() << "trained through it";
  } catch (const NonFiniteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("step "));
    EXPECT_THAT(error.what(), HasSubstr("No weight was changed"));
    EXPECT_EQ(error.exit_code(), ExitCode::kNonFinite);
  }
  const NamedTensors last = load_weights(session.checkpoint_path(session.checkpoint_steps().back()));
  for (const auto& [name, tensor] : last) EXPECT_TRUE(at::isfinite(tensor).all().item<bool>()) << name;
}

TEST(Trainer, NeverSavesWeightsThatAreNotFinite) {
  // The first update of this rate makes weights of 1e38 and more; loss and gradient before it are sound.
  Session session({"optimizer={sgd: {lr: 3.0e+38}}", "training.checkpoint_every_steps=1"});
  EXPECT_THROW(session.train(), NonFiniteError);
  for (const int64_t step : session.checkpoint_steps()) {
    const NamedTensors saved = load_weights(session.checkpoint_path(step));
    for (const auto& [name, tensor] : saved)
      EXPECT_TRUE(at::isfinite(tensor).all().item<bool>()) << name << " of step " << step;
  }
}

/// The gradient is a sum over examples divided by their weight, so how the examples are cut into batches
/// cannot matter.
TEST(ReferenceStep, AccumulationEqualsOneLargeBatch) {
  const std::vector<std::string> plain = {
      "model.layers=[{embedding: 4}, {mean_pool: {padding: exclude}}, {linear: 1}]",
      "optimizer={sgd: {lr: 0.5}}"};
  std::vector<std::string> large = plain, small = plain;
  large.push_back("training.batch_size=20");
  small.insert(small.end(), {"training.batch_size=5", "training.accumulate=4"});
  Session a(large), b(small);
  const int64_t steps = a.train().steps;
  ASSERT_EQ(b.train().steps, steps);
  const NamedTensors one = load_weights(a.checkpoint_path(steps));
  const NamedTensors many = load_weights(b.checkpoint_path(steps));
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(at::allclose(one[i].second, many[i].second, 1e-5, 1e-6)) << one[i].first;
  }
}

}  // namespace
}  // namespace bernoulli

#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/allclose.h>
#include <ATen/ops/isfinite.h>

#include "config/load.h"
#include "core/error.h"
#include "core/file.h"
#include "layers/layer_kind.h"
#include "metrics/thresholds.h"
#include "store/run_folder.h"
#include "support/temporary_folder.h"
#include "train/evaluate.h"
#include "train/make_step.h"
#include "train/prepare.h"
#include "train/reference_step.h"
#include "train/training_length.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;

constexpr const char* kConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.25, method: random, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 4}, {dropout: 0.3}, {mean_pool: {padding: exclude}}, {linear: 3}, tanh, {dropout: 0.1}, {linear: 1}]
optimizer: {adam: {lr: 0.02}}
training: {epochs: 3, batch_size: 8, seed: 5}
)";

/// Of the numbers that the bias of the last layer starts at.
float first_bias(const PreparedRun& run) {
  return run.plan.layers.at(run.plan.prior.value()).plan.parameters[1].given->values.at(0);
}

/// 80 rows: a quality word and noise words; learnable, not trivial.
std::string rows() {
  std::string csv = "text,label\n";
  for (int i = 0; i < 80; ++i) {
    const bool good = i % 2 == 0;
    csv += std::string(good ? "fine" : "dull") + " w" + std::to_string(i % 7) + " w" +
           std::to_string(i % 11) + "," + (good ? "good" : "bad") + "\n";
  }
  return csv;
}

struct Killed {};

/// Passes everything on, until the update after `killed_at` others.
class KilledStep : public Step {
 public:
  KilledStep(Step& step, std::optional<int64_t> killed_at, int64_t ahead)
      : step_(step), killed_at_(killed_at), ahead_(ahead) {}
  int64_t run_ahead() const override { return ahead_; }
  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override {
    if (killed_at_ && step >= *killed_at_) throw Killed{};
    return step_.update(examples, step, lr);
  }
  std::vector<float> logits(const TokenView& rows) override { return step_.logits(rows); }
  NamedTensors evaluation_weights() const override { return step_.evaluation_weights(); }
  NamedTensors training_state() const override { return step_.training_state(); }
  void load(const NamedTensors& weights, const NamedTensors& state) override { step_.load(weights, state); }
  double base_lr() const override { return step_.base_lr(); }

 private:
  Step& step_;
  std::optional<int64_t> killed_at_;
  int64_t ahead_;
};

/// One training in a folder of its own.
class Session {
 public:
  explicit Session(std::vector<std::string> overrides = {}, const std::string& csv = rows())
      : overrides_(std::move(overrides)) {
    folder_.write("data.csv", csv);
    folder_.write("some.vec", "2 4\nfine 1 2 3 4\nabsent 5 6 7 8\n");
    folder_.write("config.yaml", kConfig);
    overrides_.push_back("data.root=" + folder_.path().string());
    loaded_ = config::load_config({{folder_ / "config.yaml"}, overrides_}, layers::layer_schemas());
    prepared_ = prepare_run(loaded_.run);
  }

  /// Trains to the configured limit, or is killed in step `killed_at`; goes on from the newest checkpoint
  /// where there is one.
  /// `ahead`: updates that the engine is asked for at once, at most.
  TrainingOutcome train(std::optional<int64_t> killed_at = std::nullopt, int64_t ahead = 1) {
    const EngineChoice choice = engine();
    KilledStep step(*choice.step, killed_at, ahead);
    return train_with(step);
  }
  TrainingOutcome train_to_pause(int64_t epoch, int64_t ahead = 1) {
    const EngineChoice choice = engine();
    KilledStep step(*choice.step, std::nullopt, ahead);
    return train_with(step, epoch);
  }
  EngineChoice engine() const {
    return make_step(loaded_.run, prepared_.plan, prepared_.train, *prepared_.loss, prepared_.pos_weight,
                     c10::Device(c10::kCPU));
  }
  TrainingOutcome train_with(Step& step, std::optional<int64_t> pause_after_epoch = std::nullopt) {
    const CheckpointFolder checkpoints(folder_ / "checkpoints");
    const std::optional<Checkpoint> newest = checkpoints.load_newest();
    MetricsLog log(folder_ / "metrics.jsonl");
    log.begin(newest ? newest->step : 0, newest && is_validated(*newest));
    Trainer trainer({loaded_.run,
                     prepared_.labels.names,
                     prepared_.train,
                     prepared_.validation ? &*prepared_.validation : nullptr,
                     *prepared_.loss,
                     step,
                     checkpoints,
                     log,
                     {{"data", prepared_.fingerprint}},
                     "",
                     "",
                     pause_after_epoch,
                     largest_copy});
    if (newest) trainer.resume(*newest);
    return trainer.run();
  }

  int64_t largest_copy = CheckpointKeeper::kLargestCopy;  ///< of TrainingParts

  fs::path checkpoint_path(int64_t step) const {
    return CheckpointFolder(folder_ / "checkpoints").path_of(step);
  }
  fs::path metrics_path() const { return folder_ / "metrics.jsonl"; }
  std::string checkpoint_bytes(int64_t step) const { return read_file(checkpoint_path(step)); }
  void take_checkpoints_of(const Session& other) {
    fs::copy(other.folder_ / "checkpoints", folder_ / "checkpoints", fs::copy_options::recursive);
  }
  /// In the newest checkpoint; null: as if it had none.
  void rewrite_threshold(const nlohmann::json& threshold) {
    const CheckpointFolder checkpoints(folder_ / "checkpoints");
    Checkpoint newest = *checkpoints.load_newest();
    newest.state.erase("threshold");
    if (!threshold.is_null()) newest.state["threshold"] = threshold;
    checkpoints.save(newest);
  }
  std::vector<int64_t> checkpoint_steps() const { return CheckpointFolder(folder_ / "checkpoints").steps(); }
  int operator_threads() const { return bernoulli::operator_threads(loaded_.run, prepared_); }
  const PreparedRun& prepared() const { return prepared_; }
  const RunConfig& config() const { return loaded_.run; }
  int num_threads() const { return bernoulli::num_threads(loaded_.run.training); }
  /// Values of `key` in the events of one kind.
  std::vector<double> logged(const std::string& event, const std::string& key) const {
    std::vector<double> values;
    std::ifstream file(folder_ / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json["event"] == event && json.contains(key) && json[key].is_number()) values.push_back(json[key]);
    }
    return values;
  }

 private:
  bernoulli::testing::TemporaryFolder folder_{bernoulli::testing::TemporaryFolder::in_memory()};
  std::vector<std::string> overrides_;
  config::LoadedConfig loaded_;
  PreparedRun prepared_;
};

TEST(Trainer, LearnsASeparableTask) {
  Session session({"training.epochs=30"});
  session.train();
  EXPECT_EQ(session.logged("validation", "accuracy").back(), 1.0);
  EXPECT_THAT(session.logged("train", "loss").back(), Lt(0.1));
}

TEST(Prepare, GivesTokensTheVectorsOfAFile) {
  for (const std::string engine : {"fused", "reference"}) {
    for (const std::string trainable : {"true", "false"}) {
      SCOPED_TRACE(engine + " " + trainable);
      Session session(
          {"model.layers[0]={embedding: {dim: 4, initializer: {pretrained: some.vec}, trainable: " +
               trainable + "}}",
           "training.engine=" + engine});
      const PreparedRun& run = session.prepared();
      EXPECT_EQ(run.audit["pretrained"]["tokens_found"], 1);
      EXPECT_EQ(run.audit["pretrained"]["vectors"], 2);
      const int64_t id = run.vectorizer->vocabulary()->id("fine");
      const EngineChoice choice = session.engine();
      const auto row = [&] {
        for (const auto& [name, tensor] : choice.step->evaluation_weights()) {
          if (name == "embedding_0.weight") return tensor[id].clone();
        }
        return at::Tensor();
      };
      const at::Tensor start = row();
      for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(start[i].item<float>(), static_cast<float>(i + 1));
      session.train_with(*choice.step);
      EXPECT_EQ(at::allclose(row(), start, 0, 0), trainable == "false");
    }
  }
}

TEST(Prepare, RefusesAModelOfAnotherWidthBeforeItWarnsOfTheData) {
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(Session({"model.layers=[{embedding: 4}, mean_pool, {linear: 2}]"},
                       "text,label\n,good\nfine,good\nfine,bad\ndull,bad\ndull,good\nfine,good\n"),
               UsageError);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("warning")));
}

TEST(MakeStep, WarnsOfATableOfAMillionRowsThatIsUpdatedWhole) {
  const Session session;
  const auto warning = [&](int64_t num_ids) {
    const RunConfig& config = session.config();
    return table_sweep_warning(layers::plan_model(config.model, config.text, config.loss.mode, num_ids, 1),
                               "the fused engine does not run rmsprop");
  };
  EXPECT_EQ(warning(999'999), "");
  EXPECT_THAT(
      warning(1'000'000),
      ::testing::StartsWith("each step updates all 1000000 rows of embedding_0.weight, read or not, for "
                            "the reference engine trains the model (the fused engine does not run "
                            "rmsprop); "));
}

TEST(OperatorThreads, AreOneForASmallBatchUnlessTheConfigurationSaysMore) {
  EXPECT_EQ(Session().operator_threads(), 1);
  EXPECT_EQ(Session({"training.threads=3"}).operator_threads(), 3);
  const Session large(
      {"training.batch_size=4194304"});  // 2^22 numbers, however short and narrow its texts are
  EXPECT_EQ(large.operator_threads(), large.num_threads());
  const Session products(
      {"model.layers=[{embedding: 16}, {conv1d: {channels: 64, kernel_size: 64}}, max_pool, "
       "{linear: 1}]",
       "text.sequence_length=100", "training.batch_size=32"});
  EXPECT_EQ(products.operator_threads(), products.num_threads());
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

/// The members of ThresholdConfig, and what metrics.threshold resolves to.
TEST(TrainerState, ReadsTheThresholdsOfEarlierPrograms) {
  const auto setting_of = [](const std::string& members) {
    auto json = to_json(TrainerState{});
    json["threshold"] = nlohmann::ordered_json::parse(
        R"({"method": "fixed", "value": 0.5, "confidence": null, "min_positives": 0, "beta": 1.0, "values": [],
            "value_of": []})");
    json["threshold"].update(nlohmann::ordered_json::parse(members));
    return to_json(trainer_state_from_json(json, 2.0)).at("threshold").dump();
  };
  EXPECT_EQ(setting_of(R"({"value": 0.25})"), R"({"fixed":{"value":0.25}})");
  EXPECT_EQ(setting_of(R"({"values": [0.25, 0.75]})"), R"({"fixed":{"value":[0.25,0.75]}})");
  EXPECT_EQ(setting_of(R"({"value_of": [["b", 0.25], ["a", 0.75]]})"),
            R"({"fixed":{"value":{"b":0.25,"a":0.75}}})");
  EXPECT_EQ(setting_of(R"({"method": "max_f1", "min_positives": 3})"), R"({"max_f1":{"min_positives":3}})");
  EXPECT_EQ(setting_of(R"({"method": "max_f_beta", "beta": 2.0})"), R"({"max_f_beta":{"min_positives":0}})");
  EXPECT_EQ(setting_of(R"({"method": "precision_at_recall", "value": 0.9})"),
            R"({"precision_at_recall":{"recall":0.9}})");
  EXPECT_EQ(setting_of(R"({"method": "recall_at_precision", "value": 0.9, "confidence": 0.95})"),
            R"({"recall_at_precision":{"precision":0.9,"confidence":0.95}})");
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

/// The events that are left of `lines` when a run goes on from the checkpoint of step 2.
std::vector<std::string> kept_events(const std::string& lines, bool validated) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("metrics.jsonl", lines);
  MetricsLog(folder / "metrics.jsonl").begin(2, validated);
  std::vector<std::string> events;
  std::istringstream file(folder.read("metrics.jsonl"));
  for (std::string line; std::getline(file, line);)
    events.push_back(nlohmann::json::parse(line)["event"].get<std::string>());
  return events;
}

std::string event(const std::string& name, int step) {
  return "{\"event\":\"" + name + "\",\"step\":" + std::to_string(step) + "}\n";
}

TEST(MetricsLog, GoesOnBehindTheLineOfTheCheckpoint) {
  const std::string lines = event("checkpoint", 1) + event("train", 2) + event("checkpoint", 2);
  const std::vector<std::string> kept = {"checkpoint", "train", "checkpoint"};
  EXPECT_EQ(kept_events(lines + event("stop", 2) + event("test", 2), true), kept);
  EXPECT_EQ(kept_events(lines + event("checkpoint", 3) + "{\"event\":\"tr", true), kept);
  EXPECT_EQ(kept_events("\x01\n[1]\n{\"step\":\"2\"}\n" + lines, true), kept) << "lines that are not ours";
}

/// A run that was stopped before the validation of step 2 saves there, and again after it.
TEST(MetricsLog, TellsTheTwoCheckpointsOfOneStepApart) {
  const std::string lines = event("checkpoint", 2) + event("validation", 2) + event("checkpoint", 2);
  EXPECT_EQ(kept_events(lines, false), std::vector<std::string>{"checkpoint"});
  EXPECT_EQ(kept_events(lines, true), (std::vector<std::string>{"checkpoint", "validation", "checkpoint"}));
}

TEST(MetricsLog, WritesTheSecondsOfAnEpochOnceAndAddsThemUp) {
  const bernoulli::testing::TemporaryFolder folder;
  {
    MetricsLog log(folder / "metrics.jsonl");
    log.begin(0, false);
    log.add_epoch_seconds(1, 0.5);
    log.append("checkpoint", 1, 1, nlohmann::ordered_json::object());
    log.add_epoch_seconds(1, 0.25);
    log.add_epoch_seconds(2, 4);
    log.append("checkpoint", 2, 2, nlohmann::ordered_json::object());
    log.add_epoch_seconds(2, 8);
    log.append("checkpoint", 2, 3, nlohmann::ordered_json::object());
    EXPECT_EQ(log.epoch_seconds(), (std::vector<double>{0.75, 12}));
  }
  std::istringstream file(folder.read("metrics.jsonl"));
  std::vector<std::string> written;
  for (std::string line; std::getline(file, line);)
    written.push_back(nlohmann::json::parse(line)["epoch_seconds"].dump());
  EXPECT_EQ(written, (std::vector<std::string>{R"({"1":0.5})", R"({"1":0.25,"2":4.0})", R"({"2":8.0})"}));
  MetricsLog resumed(folder / "metrics.jsonl");
  resumed.begin(2, true);
  EXPECT_EQ(resumed.epoch_seconds(), (std::vector<double>{0.75, 4}));
}

TEST(MetricsLog, TakesOverTheSecondsThatEarlierVersionsWrote) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("metrics.jsonl",
               R"({"event":"checkpoint","step":1,"epoch_seconds":[1.5]}
{"event":"checkpoint","step":2,"epoch_seconds":[1.5,"?"]}
{"event":"checkpoint","step":3,"epoch_seconds":{"2":0.5,"3":4,"0":1,"-1":1,"x":1,"4":9,"1":"?"}}
{"event":"checkpoint","step":3,"epoch_seconds":7}
)");
  MetricsLog log(folder / "metrics.jsonl");
  log.begin(3, true);
  EXPECT_EQ(log.epoch_seconds(), (std::vector<double>{1.5, 0.5, 4}));
}

/// The file for TensorBoard behind its first two records, which tell the time.
std::string events_in(const bernoulli::testing::TemporaryFolder& folder, const char* name) {
  constexpr size_t kRecordAround = 16, kVersion = 24, kStart = 13;
  return folder.read(name).substr(2 * kRecordAround + kVersion + kStart);
}

TEST(MetricsLog, GivesTensorBoardTheNumbersOfEveryLine) {
  const bernoulli::testing::TemporaryFolder folder, expected;
  folder.write("metrics.jsonl",
               R"({"event":"train","epoch":1,"step":2,"seconds":1.5,"wall_time":100.25,"loss":0.5,"norm":3}
{"event":"validation","step":2,"wall_time":101.5,"f1":0.75,"roc_auc":null,"name":"x","best":true}
{"event":"checkpoint","step":2,"epoch_seconds":[1.5]}
{"event":"test","step":2,"wall_time":102,"f1":0.25}
{"event":7,"step":2,"f1":0.5}
)");
  MetricsLog(folder / "metrics.jsonl").begin(2, true);
  EventFile by_hand(expected.path(), 0);
  by_hand.add(100.25, 2, {{"train/loss", 0.5}, {"train/norm", 3}});
  by_hand.add(101.5, 2, {{"validation/f1", 0.75}});
  EXPECT_EQ(events_in(folder, "events.out.tfevents.000001"),
            events_in(expected, "events.out.tfevents.000001"));
}

TEST(MetricsLog, WritesNothingThatNobodyWouldFind) {
  const bernoulli::testing::TemporaryFolder folder;
  const RunFolder run = RunFolder::create(folder / "run", "x");
  folder.write("run/config.yaml", "a: 1\n");
  MetricsLog log(run.paths().metrics(), &run);
  log.begin(0, false);
  log.append("train", 1, 2, {{"loss", 0.5}});
  const std::string before = folder.read("run/metrics.jsonl");
  for (const fs::path& gone : {run.paths().config(), run.paths().metrics(), run.paths().folder}) {
    fs::rename(gone, folder / "kept");
    EXPECT_THROW(log.append("train", 2, 4, {{"loss", 0.25}}), IoError) << gone;
    EXPECT_THROW(log.sync(), IoError) << gone;
    fs::rename(folder / "kept", gone);
    EXPECT_NO_THROW(log.sync());
  }
  EXPECT_EQ(folder.read("run/metrics.jsonl"), before);
}

TEST(MetricsLog, WritesEachEventForTensorBoardAtItsTime) {
  const bernoulli::testing::TemporaryFolder folder, expected;
  MetricsLog log(folder / "metrics.jsonl");
  log.begin(0, false);
  log.append("validation", 1, 8, {{"f1", 0.75}, {"roc_auc", nullptr}});
  log.append("checkpoint", 1, 8, {{"file", "x"}, {"best", true}});
  const std::string text = folder.read("metrics.jsonl");
  const double wall_time = nlohmann::json::parse(text.substr(0, text.find('\n')))["wall_time"];
  EventFile by_hand(expected.path(), 0);
  by_hand.add(wall_time, 8, {{"validation/f1", 0.75}});
  EXPECT_EQ(events_in(folder, "events.out.tfevents.000001"),
            events_in(expected, "events.out.tfevents.000001"));
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

TEST(LabelPrior, IsWhatTheLossMakesOfTheOddsOfTheLabel) {
  const std::string prior = "model.layers[6]={linear: {units: 1, bias_initializer: prior}}";
  std::string csv = "text,label,weight\n";
  for (int i = 0; i < 40; ++i) csv += fmt::format("w{},{},{}\n", i, i < 4 ? "good" : "bad", i < 4 ? 2 : 1);
  const auto start = [&](std::vector<std::string> overrides) {
    overrides.push_back(prior);
    overrides.push_back("data.validation.method=stratified");
    return first_bias(Session(overrides, csv).prepared());
  };
  // 3 with the label and 27 without it are trained on.
  const float plain = std::log(4.0f / 28.0f);
  EXPECT_FLOAT_EQ(start({}), plain);
  EXPECT_FLOAT_EQ(start({"data.columns.weight=weight"}), std::log(7.0f / 28.0f));
  EXPECT_FLOAT_EQ(start({"loss.pos_weight=3"}), plain + std::log(3.0f));
  EXPECT_FLOAT_EQ(start({"loss.pos_weight=auto"}), plain + std::log(9.0f));
  EXPECT_FLOAT_EQ(start({"loss={mode: focal_with_logits, alpha: 0.25}"}), plain + std::log(1.0f / 3.0f));
}

}  // namespace
}  // namespace bernoulli

#include "stability/paired_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/error.h"
#include "layers/layer_kind.h"
#include "stability/comparison.h"
#include "stability/page.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace bernoulli::stability {
namespace {

using Mode = LossConfig::Mode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;
using ::testing::Not;

constexpr const char* kConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.25, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 8}, {dropout: 0.2}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.1}}
training: {epochs: 4, batch_size: 16, seed: 5}
stability: {seeds: 2, max_steps: 10, dtypes: [bfloat16], stress: [{output_bias: 30}]}
)";

/// 120 rows that one word separates.
class PairedTraining : public ::testing::Test {
 protected:
  PairedTraining() { load({}); }

  void load(std::vector<std::string> overrides) {
    std::string csv = "text,label\n";
    for (int i = 0; i < 120; ++i) {
      const bool good = i % 2 == 0;
      csv += std::string(good ? "fine" : "dull") + " w" + std::to_string(i % 7) + "," +
             (good ? "good" : "bad") + "\n";
    }
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kConfig);
    overrides.push_back("data.root=" + folder_.path().string());
    config_ = config::load_config({{folder_ / "config.yaml"}, overrides}, layers::layer_schemas()).run;
    prepared_ = prepare_run(config_);
  }
  PairedRun run(std::vector<Mode> modes, const Stress& stress, int64_t steps) const {
    return run_paired(config_, prepared_, *prepared_.validation,
                      {modes, stress, config_.training.seed, steps});
  }

  bernoulli::testing::TemporaryFolder folder_;
  RunConfig config_;
  PreparedRun prepared_;
};

TEST_F(PairedTraining, TheSameModeTwiceDiffersNowhere) {
  const PairedRun pair = run({Mode::kSigmoidBce, Mode::kSigmoidBce}, {}, 30);
  EXPECT_FALSE(pair.modes[1].first_weight_difference);
  EXPECT_FALSE(pair.modes[1].first_loss_difference);
  EXPECT_EQ(pair.modes[0].logits, pair.modes[1].logits);
  for (const PairedStep& step : pair.modes[1].series) EXPECT_EQ(step.gradient_difference, 0);
}

TEST_F(PairedTraining, EveryModeStartsFromTheSameWeights) {
  const PairedRun none = run({Mode::kBceWithLogits, Mode::kSigmoidBce, Mode::kSigmoidBceClipped}, {}, 0);
  EXPECT_EQ(none.modes[0].logits, none.modes[1].logits);
  EXPECT_EQ(none.modes[0].logits, none.modes[2].logits);
  const PairedRun one = run({Mode::kBceWithLogits, Mode::kSigmoidBce}, {}, 1);
  EXPECT_NEAR(one.modes[0].series.at(0).loss, one.modes[1].series.at(0).loss, 1e-6);
  EXPECT_LT(one.modes[1].series.at(0).gradient_difference, 1e-5);
  EXPECT_GT(one.modes[0].series.at(0).update_norm, 0);
}

TEST_F(PairedTraining, WeightsDifferBeforeTheLossDoes) {
  const PairedRun pair = run({Mode::kBceWithLogits, Mode::kSigmoidBce}, {}, 3);
  EXPECT_TRUE(pair.modes[1].first_weight_difference) << "of another rounding";
  EXPECT_FALSE(pair.modes[1].first_loss_difference) << "which is no difference of a loss yet";
}

TEST_F(PairedTraining, OnlyLogitsRecoverFromABiasOfThirty) {
  Stress bias;
  bias.output_bias = 30;
  const PairedRun run_at_30 =
      run({Mode::kBceWithLogits, Mode::kSigmoidBce, Mode::kSigmoidBceClipped}, bias, 600);
  EXPECT_EQ(run_at_30.modes[0].accuracy, 1.0);
  for (const size_t dead : {1u, 2u}) {
    EXPECT_EQ(run_at_30.modes[dead].accuracy, 0.5);
    EXPECT_EQ(run_at_30.modes[dead].total.saturated_share(), 1.0);
    EXPECT_NEAR(run_at_30.modes[dead].total.wrong_and_dead_share(), 0.5, 0.02);
    EXPECT_EQ(run_at_30.modes[dead].series.back().update_norm, 0);
  }
  EXPECT_EQ(run_at_30.modes[0].total.wrong_and_dead, 0);
}

TEST_F(PairedTraining, StressesChangeWhatTheySay) {
  Stress noise;
  noise.label_noise = 0.25;
  const EncodedDataset noisy = with_label_noise(prepared_.train, noise.label_noise, 1);
  size_t turned = 0;
  for (size_t i = 0; i < noisy.targets.size(); ++i) turned += noisy.targets[i] != prepared_.train.targets[i];
  EXPECT_EQ(turned, noisy.targets.size() / 4 + (noisy.targets.size() % 4 >= 2));
  Stress spread;
  spread.logit_spread = 40;
  const PairedRun wide = run({Mode::kBceWithLogits}, spread, 0);
  std::vector<double> logits(wide.modes[0].logits.begin(), wide.modes[0].logits.end());
  EXPECT_NEAR(spread_of(logits).deviation.value(), 40, 10);
}

TEST_F(PairedTraining, StartsWithTheBiasThatAStressAsksFor) {
  Stress bias;
  bias.output_bias = 30;
  for (const char* other : {"optimizer.ema_decay=0.5",
                            "model.layers=[{embedding: {dim: 8, trainable: false}}, {mean_pool: {padding: "
                            "exclude}}, {linear: 1}]"}) {
    load({other});
    const PairedRun one = run({Mode::kBceWithLogits}, bias, 1);
    EXPECT_GT(one.modes[0].series.at(0).loss, 10) << other;  // 30 for each bad one of the batch
    EXPECT_NEAR(one.modes[0].logits.front(), 30, 1) << other;
  }
}

TEST_F(PairedTraining, NamesAStressThatDoesNotApply) {
  load({"model.layers=[{embedding_bag: {dim: 1, mode: sum}}]"});
  Stress bias;
  bias.name = "output_bias";
  bias.output_bias = 30;
  const auto refusal = [&](const Stress& stress) {
    return testing::message_of<UsageError>([&] { run({Mode::kBceWithLogits}, stress, 1); });
  };
  EXPECT_THAT(refusal(bias), HasSubstr("the last layer has no bias"));
  load(
      {"model.layers=[{embedding: {dim: 8, initializer: zeros}}, {mean_pool: {padding: exclude}}, {linear: "
       "1}]"});
  Stress spread;
  spread.name = "confident_init";
  spread.logit_spread = 40;
  EXPECT_THAT(refusal(spread), HasSubstr("all initial logits are the same"));
}

TEST_F(PairedTraining, ComparisonKeepsItsContractAndItsPageNeedsNothing) {
  const Comparison comparison =
      compare_losses(config_, prepared_, c10::Device(c10::kCPU), [](const std::string&) {});
  const auto json = to_json(comparison);
  EXPECT_EQ(json["pairs"].size(), 2u);
  EXPECT_EQ(json["pairs"][0]["baseline_values"].size(), 2u);
  EXPECT_EQ(json["stress"][0]["preset"], "output_bias");
  EXPECT_FALSE(json["thresholds"].empty());
  EXPECT_FALSE(json["verdict"].get<std::string>().empty());
  const std::string html = page(comparison);
  EXPECT_THAT(html, HasSubstr(json["verdict"].get<std::string>().substr(0, 60)));
  for (const char* outside : {"http", "<script", "src=", "href=", "@import", "url("})
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  EXPECT_THAT(curves_csv(comparison.curves), HasSubstr("sigmoid_bce_clipped,bfloat16,cpu,1,"));
}

TEST_F(PairedTraining, LabelsOfATrainingThatEndedHaveNoAccuracy) {
  load({"task.kind=multi_label", "task.positive=null", "optimizer={sgd: {lr: 1e30}}",
        "model.layers=[{embedding: 8}, {mean_pool: {padding: exclude}}, {linear: 2}]",
        "stability={seeds: 1, max_steps: 4, dtypes: [bfloat16], stress: []}"});
  const Comparison comparison =
      compare_losses(config_, prepared_, c10::Device(c10::kCPU), [](const std::string&) {});
  for (const ModeRun& mode : comparison.plain.runs.front().modes) {
    EXPECT_TRUE(mode.stopped_at);
    EXPECT_THAT(mode.label_accuracy, ElementsAre(IsNan(), IsNan()));
  }
  EXPECT_THAT(page(comparison), HasSubstr("more than .01, or is not defined"));
}

TEST_F(PairedTraining, TheFirstLimitReachedEndsThePairs) {
  const auto steps = [&](const std::string& limits) {
    load({"stability={seeds: 1, dtypes: [bfloat16], stress: [], " + limits + "}"});
    return compare_losses(config_, prepared_, c10::Device(c10::kCPU), [](const std::string&) {}).steps;
  };
  EXPECT_EQ(steps("epochs: 2, max_steps: null"), 12);  // 90 texts in batches of 16
  EXPECT_EQ(steps("epochs: 2, max_steps: 5"), 5);
  EXPECT_EQ(steps("epochs: 1, max_steps: 50"), 6);
}

}  // namespace
}  // namespace bernoulli::stability

// What is said of modes that were trained in lock-step: noise, differences, trainings that ended.

#include "stability/comparison.h"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bernoulli::stability {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Mode = LossConfig::Mode;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Runs under two modes with these accuracies, one a seed.
std::vector<PairedRun> runs_with(const std::vector<std::pair<double, double>>& accuracies) {
  std::vector<PairedRun> runs;
  for (const auto& [logits, probabilities] : accuracies) {
    PairedRun run{0, 1, {ModeRun{}, ModeRun{}}};
    run.modes[1].mode = Mode::kSigmoidBce;
    run.modes[0].accuracy = logits;
    run.modes[1].accuracy = probabilities;
    runs.push_back(run);
  }
  return runs;
}

TEST(StabilityComparison, TellsNoiseFromWhatIsNotDecidedAndFromADifference) {
  const auto judged = [](const std::vector<std::pair<double, double>>& accuracies) {
    return compare_modes(runs_with(accuracies), {}).front();
  };
  EXPECT_EQ(judged({{0.9, 0.5}}).judgement(), "one seed");
  EXPECT_EQ(judged({{0.90, 0.91}, {0.92, 0.91}, {0.91, 0.90}}).judgement(), "within seed noise");
  EXPECT_EQ(judged({{0.5, 0.5}, {0.5, 0.5}}).judgement(), "within seed noise") << "no difference at all";
  // As large as it was seen: three seeds, -0.164 on average, paired t test p = .06.
  const ModeComparison undecided = judged({{0.74, 0.50}, {0.75, 0.68}, {0.76, 0.58}});
  EXPECT_EQ(undecided.judgement(), "not decided with 3 seeds");
  EXPECT_FALSE(undecided.differs());
  const ModeComparison different = judged({{0.90, 0.50}, {0.91, 0.52}, {0.92, 0.51}});
  EXPECT_EQ(different.judgement(), "");
  EXPECT_TRUE(different.differs());
}

TEST(StabilityComparison, SaysWhereNoModeBeatTheCommonerAnswer) {
  Comparison comparison;
  comparison.evaluation = "validation";
  comparison.majority_accuracy = 0.995;
  comparison.steps = 200;
  comparison.configured_steps = 5320;
  comparison.plain.runs = runs_with({{0.995, 0.995}, {0.995, 0.995}});
  comparison.plain.comparisons = compare_modes(comparison.plain.runs, {});
  EXPECT_THAT(verdict(comparison),
              AllOf(HasSubstr("in the first 200 of the configured 5320 updates"),
                    HasSubstr("No mode did better than always giving the commoner answer (0.9950)")));
  EXPECT_THAT(verdict(comparison), ::testing::EndsWith("No stress was tried."));
  comparison.majority_accuracy = 0.9;
  EXPECT_THAT(verdict(comparison), Not(HasSubstr("commoner answer")));
}

TEST(StabilityComparison, SaysOfStressWhatItsTableSays) {
  Comparison comparison;
  comparison.evaluation = "validation";
  comparison.steps = comparison.configured_steps = 100;
  const auto verdict_of = [&](const std::vector<std::pair<double, double>>& accuracies) {
    comparison.plain.runs = runs_with({{0.9, 0.9}, {0.9, 0.9}, {0.9, 0.9}});
    comparison.plain.runs.resize(accuracies.size());
    comparison.plain.comparisons = compare_modes(comparison.plain.runs, {});
    Pairing stress;
    stress.stress.name = "confident_init";
    stress.runs = runs_with(accuracies);
    stress.comparisons = compare_modes(stress.runs, {});
    comparison.stress = {stress};
    return verdict(comparison);
  };
  EXPECT_THAT(verdict_of({{0.74, 0.50}, {0.75, 0.68}, {0.76, 0.58}}),
              AllOf(HasSubstr("accuracy showed no advantage of logits beyond seed noise"),
                    HasSubstr("Accuracy differed under confident_init by what 3 seeds do not decide")));
  EXPECT_THAT(verdict_of({{0.9, 0.5}}), HasSubstr("one seed cannot tell an advantage of logits"));
  EXPECT_THAT(verdict_of({{0.90, 0.91}, {0.92, 0.91}, {0.91, 0.90}}),
              HasSubstr("accuracy showed no advantage of logits beyond seed noise"));
  EXPECT_THAT(verdict_of({{0.90, 0.50}, {0.91, 0.52}, {0.92, 0.51}}),
              HasSubstr("it does matter: accuracy is higher from logits under confident_init; with "));
}

TEST(StabilityComparison, NamesEveryStressUnderWhichTheModesDiffer) {
  Comparison comparison;
  comparison.steps = comparison.configured_steps = 200;
  const auto pairing = [](const char* name, const std::vector<std::pair<double, double>>& accuracies,
                          int64_t dead) {
    Pairing stress;
    stress.stress.name = name;
    stress.runs = runs_with(accuracies);
    for (PairedRun& run : stress.runs) run.modes[1].total = {.entries = 100, .wrong_and_dead = dead};
    stress.comparisons = compare_modes(stress.runs, {});
    return stress;
  };
  comparison.plain = pairing("none", {{0.9, 0.9}, {0.9, 0.9}, {0.9, 0.9}}, 0);
  comparison.stress = {pairing("output_bias", {{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}}, 50),
                       pairing("learning_rate", {{0.74, 0.50}, {0.75, 0.68}, {0.76, 0.58}}, 12),
                       pairing("label_noise", {{0.8, 0.8}, {0.8, 0.8}, {0.8, 0.8}}, 0),
                       pairing("input_scale", {{0.50, 0.90}, {0.52, 0.91}, {0.51, 0.92}}, 0),
                       pairing("confident_init", {{0.90, 0.50}, {0.91, 0.52}, {0.92, 0.51}}, 30)};
  const std::string text = verdict(comparison);
  EXPECT_THAT(text, HasSubstr("accuracy is higher from logits under confident_init;"));
  EXPECT_THAT(text, HasSubstr("differed under learning_rate by what 3 seeds do not decide"));
  EXPECT_THAT(text, HasSubstr("without any gradient under output_bias (50 %), learning_rate (12 %), "
                              "confident_init (30 %), because"));
  EXPECT_THAT(text, HasSubstr("Probabilities came out ahead under input_scale."));
  EXPECT_THAT(text, Not(HasSubstr("label_noise")));
}

/// Seeds in which the loss on logits ended at these updates.
std::vector<PairedRun> runs_that_ended(const std::vector<int64_t>& updates) {
  std::vector<PairedRun> runs =
      runs_with(std::vector<std::pair<double, double>>(updates.size(), {kNan, 0.7}));
  for (size_t seed = 0; seed < updates.size(); ++seed) runs[seed].modes[0].stopped_at = updates[seed];
  return runs;
}

TEST(StabilityComparison, SaysWhichTrainingsEndedAtNumbersThatAreNotFinite) {
  Comparison comparison;
  comparison.evaluation = "validation";
  comparison.majority_accuracy = 0.6;
  comparison.steps = comparison.configured_steps = 60;
  comparison.plain.runs = runs_that_ended({17, 16, 17});
  comparison.plain.comparisons = compare_modes(comparison.plain.runs, {});
  const ModeComparison& pair = comparison.plain.comparisons.front();
  EXPECT_FALSE(pair.differs());
  EXPECT_EQ(pair.judgement(), "not defined");
  Pairing stress = comparison.plain;
  stress.stress.name = "learning_rate";
  comparison.stress = {stress};
  EXPECT_THAT(verdict(comparison),
              AllOf(HasSubstr("cannot be judged by accuracy"), Not(HasSubstr("makes no difference")),
                    HasSubstr("not finite ended bce_with_logits in 3 of 3 seeds from update 16 on."),
                    HasSubstr("ended trainings under learning_rate (bce_with_logits in 3 of 3 seeds from "
                              "update 16 on)."),
                    Not(HasSubstr("commoner answer"))));
  EXPECT_THAT(summary_table(comparison), AllOf(HasSubstr("not finite"), HasSubstr("3 of 3")));
  const nlohmann::ordered_json json = to_json(comparison)["pairs"][0];
  EXPECT_EQ(json["baseline_values"], nlohmann::ordered_json({"nan", "nan", "nan"}));
  EXPECT_EQ(json["mean_difference"], "nan");
  EXPECT_TRUE(json["within_seed_noise"].is_null());
}

TEST(StabilityComparison, HasNoColumnOfEndsWhereNoneEnded) {
  Comparison comparison;
  comparison.plain.runs = runs_with({{0.9, 0.9}, {0.9, 0.9}});
  comparison.plain.comparisons = compare_modes(comparison.plain.runs, {});
  EXPECT_THAT(summary_table(comparison), Not(HasSubstr("not finite")));
}

TEST(StabilityComparison, ATrainingThatItsFirstUpdateEndedSawNothing) {
  Comparison comparison;
  comparison.plain.runs = runs_with({{0.9, 0.5}, {0.9, 0.5}});
  for (PairedRun& run : comparison.plain.runs) {
    run.modes[0].total = {.entries = 10, .saturated = 5};
    run.modes[1].stopped_at = 1;
  }
  comparison.plain.comparisons = compare_modes(comparison.plain.runs, {});
  EXPECT_THAT(summary_table(comparison), AllOf(HasSubstr("50.00 %"), HasSubstr("2 of 2")));
  EXPECT_EQ(figures_of(comparison.plain, 1).first_end, 1);
}

TEST(StabilityComparison, GivesNoTestOfDecisionsThatAreNone) {
  std::vector<PairedRun> runs = runs_with({{0.5, 0.5}, {0.5, 0.5}});
  runs[0].modes[0].logits = runs[0].modes[1].logits = runs[1].modes[0].logits = {1.0f, -1.0f};
  runs[1].modes[1].logits = {static_cast<float>(kNan), -1.0f};
  const ModeComparison pair = compare_modes(runs, {1.0f, 0.0f}).front();
  EXPECT_EQ(pair.mcnemar[0], 1.0);
  EXPECT_EQ(pair.mcnemar[1], std::nullopt);
}

TEST(StabilityComparison, SaysWherePairsDifferLessThanSeedsDo) {
  const ModeComparison pair =
      compare_modes(runs_with({{0.80, 0.79}, {0.90, 0.89}, {0.85, 0.839}, {0.95, 0.94}}), {}).front();
  EXPECT_TRUE(pair.within_seed_noise);
  EXPECT_THAT(pair.judgement(), ::testing::StartsWith("within seed noise, though p = "));
}

TEST(StabilityComparison, TellsTwoStressesOfOneNameApart) {
  Comparison comparison;
  comparison.steps = 200;
  comparison.plain.runs = runs_with({{0.9, 0.9}, {0.9, 0.9}, {0.9, 0.9}});
  comparison.plain.comparisons = compare_modes(comparison.plain.runs, {});
  Pairing stress;
  stress.stress.name = "confident_init";
  stress.runs = runs_with({{0.90, 0.50}, {0.91, 0.52}, {0.92, 0.51}});
  for (PairedRun& run : stress.runs) run.modes[1].total = {.entries = 10'000, .wrong_and_dead = 9'958};
  stress.comparisons = compare_modes(stress.runs, {});
  comparison.stress = {stress, stress};
  comparison.stress[0].stress.setting = "deviation 11";
  comparison.stress[1].stress.setting = "deviation 40";
  EXPECT_THAT(verdict(comparison),
              AllOf(HasSubstr("under confident_init (deviation 11), confident_init (deviation 40); with"),
                    HasSubstr("confident_init (deviation 40) (99.6 %)")));
}

}  // namespace
}  // namespace bernoulli::stability

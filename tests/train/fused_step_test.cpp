#include "train/fused_step.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/narrow_rows.h"
#include "train/fused_cases.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
KindConfig word_dropout(double rate) { return layer("word_dropout", {{"rate", rate}}); }

/// And tables that stay as they start, which the card's engine does not run.
std::vector<Case> cases_of_the_processor() {
  std::vector<Case> all = cases();
  Case frozen{"frozen_table",
              {embedding(16), pool("mean_pool", "include"), linear(4), layer("tanh"), linear(1)}};
  frozen.optimizer = adam(0.01, 0.1, "adamw");
  frozen.clip_norm = 0.01;
  frozen.layers[0].args["trainable"] = false;
  all.push_back(frozen);
  Case bag_of{"frozen_bag", {bag(5, "sum"), linear(1)}, sgd(0.9)};
  bag_of.layers[0].args["trainable"] = false;
  all.push_back(bag_of);
  return all;
}

class EveryCase : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(FusedStep, EveryCase, ::testing::ValuesIn(cases_of_the_processor()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(EveryCase, AgreesWithTheReferenceAfterAHundredSteps) {
  Bench bench(GetParam());
  const auto reference = bench.reference();
  const auto fused = bench.fused();
  expect_same_bits(reference->evaluation_weights(), fused->evaluation_weights());
  const double expected = bench.train(*reference, 0, 100), got = bench.train(*fused, 0, 100);
  EXPECT_NEAR(got, expected, 1e-5 * std::abs(expected));
  const std::vector<int64_t> some = {3, 5, 8, 13};
  const StepResult expected_step = reference->update(some, 100, 0), got_step = fused->update(some, 100, 0);
  EXPECT_EQ(got_step.telemetry.entries, expected_step.telemetry.entries);
  EXPECT_EQ(got_step.telemetry.saturated, expected_step.telemetry.saturated);
  EXPECT_EQ(got_step.telemetry.wrong_and_dead, expected_step.telemetry.wrong_and_dead);
  EXPECT_NEAR(got_step.telemetry.max_abs_logit, expected_step.telemetry.max_abs_logit,
              1e-5 * (1 + expected_step.telemetry.max_abs_logit));
  EXPECT_NEAR(got_step.gradient_norm, expected_step.gradient_norm,
              1e-4 * (1e-2 + expected_step.gradient_norm));
  const NamedTensors a = reference->evaluation_weights(), b = fused->evaluation_weights();
  double size = 0;  // of the model's largest weight
  for (const auto& [name, tensor] : a) size = std::max(size, tensor.abs().max().item<double>());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_LT((a[i].second - b[i].second).abs().max().item<double>(), 1e-5 * size) << a[i].first;
  }
  const std::vector<float> z = reference->logits(bench.data.rows), y = fused->logits(bench.data.rows);
  ASSERT_EQ(z.size(), y.size());
  for (size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(z[i], y[i], 1e-5 * (1 + std::abs(z[i])));
}

TEST_P(EveryCase, DeferredIsTheDenseSweepToTheBit) {
  Case c = GetParam();
  c.layers.insert(c.layers.begin() + (c.layers.size() > 1 ? 1 : 0), dropout(0.25));
  if (c.layers.front().kind == "dropout") std::swap(c.layers[0], c.layers[1]);
  if (c.layers[0].kind == "embedding") c.layers.insert(c.layers.begin() + 1, word_dropout(0.2));
  Bench bench(c);
  const auto a = bench.fused(), b = bench.fused();
  double loss_sum = 0;
  for (int64_t step = 0; step < 60; ++step) {
    loss_sum += bench.train(*b, step, step + 1);
    b->evaluation_weights();  // asks for every row, and so for the whole sweep
  }
  EXPECT_EQ(bench.train(*a, 0, 60), loss_sum);
  expect_same_state(*a, *b);
}

TEST_P(EveryCase, EveryVariantGivesTheSameBits) {
  Case c = GetParam();
  if (c.layers.size() > 1) c.layers.insert(c.layers.begin() + 1, dropout(0.25));
  if (c.layers[0].kind == "embedding") c.layers.insert(c.layers.begin() + 1, word_dropout(0.2));
  Bench bench(c);
  const auto best = bench.fused();
  bench.train(*best, 0, 40);
  for (const kernels::Kernels* variant : kernels::available_kernels()) {
    const auto other = bench.fused(*variant);
    bench.train(*other, 0, 40);
    SCOPED_TRACE(variant->name);
    expect_same_state(*best, *other);
    EXPECT_EQ(best->logits(bench.data.rows), other->logits(bench.data.rows));
  }
}

TEST_P(EveryCase, GoesOnFromASavedStateBitForBit) {
  Case c = GetParam();
  if (c.layers.size() > 1) c.layers.insert(c.layers.begin() + 1, dropout(0.25));
  if (c.layers[0].kind == "embedding") c.layers.insert(c.layers.begin() + 1, word_dropout(0.2));
  Bench bench(c);
  const auto whole = bench.fused(), first = bench.fused(), second = bench.fused();
  bench.train(*whole, 0, 50);
  bench.train(*first, 0, 23);
  second->load(first->evaluation_weights(), first->training_state());
  bench.train(*second, 23, 50);
  expect_same_state(*whole, *second);
}

TEST_P(EveryCase, TakesOverFromTheReferenceAndGivesBack) {
  Bench bench(GetParam());
  const auto reference = bench.reference(), back = bench.reference();
  const auto fused = bench.fused();
  bench.train(*reference, 0, 10);
  fused->load(reference->evaluation_weights(), reference->training_state());
  expect_same_bits(reference->evaluation_weights(), fused->evaluation_weights());
  EXPECT_EQ(reference->training_state().size(), fused->training_state().size());
  bench.train(*fused, 10, 12);
  back->load(fused->evaluation_weights(), fused->training_state());
  expect_same_bits(fused->evaluation_weights(), back->evaluation_weights());
}

TEST(FusedStep, ATableThatIsNotTrainedStaysAsItStartedAndHasNoOptimizerState) {
  Case c;
  c.layers[0].args["trainable"] = false;
  Bench bench(c);
  const auto fused = bench.fused();
  const NamedTensors before = fused->evaluation_weights();
  const at::Tensor table = before.back().second.clone(), weight = before.front().second.clone();
  bench.train(*fused, 0, 20);
  const NamedTensors after = fused->evaluation_weights();
  EXPECT_TRUE(at::equal(after.back().second, table));
  EXPECT_FALSE(at::equal(after.front().second, weight));
  for (const auto& [name, tensor] : fused->training_state())
    EXPECT_THAT(name, ::testing::Not(HasSubstr("embedding")));
}

TEST(FusedStep, IdsInSixteenBitsTrainTheSameBits) {
  Case c;
  c.layers = {embedding(16), dropout(0.4), pool("mean_pool", "include"), linear(1)};
  Bench wide(c), narrow(c);
  TokenRows rows;
  for (int64_t i = 0; i < wide.data.size(); ++i) {
    const std::vector<int32_t> row = row_of(wide.data, i);
    rows.ids.insert(rows.ids.end(), row.begin(), row.end());
    rows.end_row();
  }
  narrow.data.rows = testing::narrow_rows(std::move(rows));
  const auto compare = [&](Step& a, Step& b) {
    EXPECT_EQ(wide.train(a, 0, 12), narrow.train(b, 0, 12));
    expect_same_bits(a.evaluation_weights(), b.evaluation_weights());
    EXPECT_EQ(a.logits(wide.data.rows), b.logits(narrow.data.rows));
  };
  compare(*wide.fused(), *narrow.fused());
  compare(*wide.reference(), *narrow.reference());
}

/// The logit of `example` in each of many draws of dropout by `step`: weights stay, for the rate is 0.
std::vector<double> drawn_logits(Step& step, int64_t example, float target, int draws) {
  std::vector<double> logits;
  for (int64_t s = 0; s < draws; ++s) {
    const double loss = step.update(std::span(&example, 1), s, 0).loss_sum;
    const double odds = std::log(std::expm1(loss));  // loss = log(1 + exp(-z)) for y = 1, exp(z) for y = 0
    logits.push_back(target == 1 ? -odds : odds);
  }
  return logits;
}

TEST(FusedStep, PooledDropoutHasTheReferenceMeanAndVariance) {
  // sgd with lr 0 leaves the weights, so that every step is another draw of the loss of one example with one
  // word and eleven pads, whose logit is a sum of independent kept features.
  Case c;
  c.layers = {embedding(16), dropout(0.4), pool("sum_pool", "include"), linear(1)};
  c.optimizer = sgd();
  Bench bench(c);
  int64_t example = 0;
  while (bench.data.rows.row_size(example) != 3) ++example;
  const std::vector<int32_t> ids = row_of(bench.data, example);
  const auto fused = bench.fused();
  const NamedTensors weights = fused->evaluation_weights();
  const at::Tensor table = weights[0].second, w = weights[1].second;
  double mean = 0, variance = 0;
  for (int64_t position = 0; position < kLength; ++position) {
    const int64_t row = position < 3 ? ids[static_cast<size_t>(position)] : 0;
    const at::Tensor parts = table[row] * w[0];
    mean += parts.sum().item<double>();
    variance += (parts * parts).sum().item<double>() * 0.4 / 0.6;
  }
  const float target = bench.data.targets[static_cast<size_t>(example)];
  constexpr int kDraws = 20000;
  double sum = 0, squares = 0;
  for (const double z : drawn_logits(*fused, example, target, kDraws)) {
    sum += z;
    squares += z * z;
  }
  const double got_mean = sum / kDraws, got_variance = squares / kDraws - got_mean * got_mean;
  EXPECT_NEAR(got_mean, mean, 4 * std::sqrt(variance / kDraws));
  EXPECT_NEAR(got_variance, variance, 0.04 * variance);  // 4 standard errors
}

TEST(FusedStep, WordDropoutAveragesTheTokensThatStayAsTheReferenceDoes) {
  // Every logit must be that of one of the subsets of three tokens, and come as often as its size says.
  for (const bool include : {true, false}) {
    Case c;
    c.layers = {embedding(16), word_dropout(0.4), pool("mean_pool", include ? "include" : "exclude"),
                linear(1)};
    c.optimizer = sgd();
    Bench bench(c);
    int64_t example = 0;
    while (bench.data.rows.row_size(example) != 3) ++example;
    const std::vector<int32_t> ids = row_of(bench.data, example);
    const auto fused = bench.fused();
    const auto reference = bench.reference();
    const NamedTensors weights = fused->evaluation_weights();
    const auto score = [&](int32_t id) {
      return (weights[0].second[id] * weights[1].second[0]).sum().item<double>();
    };
    std::vector<double> expected(8), probability(8);
    for (unsigned subset = 0; subset < 8; ++subset) {
      const int kept = std::popcount(subset);
      double sum = 0;
      for (size_t i = 0; i < 3; ++i) sum += (subset >> i & 1) != 0 ? score(ids[i]) : 0;
      expected[subset] = sum * 3 / std::max(kept, 1);
      expected[subset] =
          include ? (expected[subset] + (kLength - 3) * score(0)) / kLength : expected[subset] / 3;
      probability[subset] = std::pow(0.6, kept) * std::pow(0.4, 3 - kept);
    }
    const float target = bench.data.targets[static_cast<size_t>(example)];
    for (const auto& [step, draws] : {std::pair<Step*, int>(fused.get(), 8000), {reference.get(), 800}}) {
      std::vector<int> seen(8);
      for (const double z : drawn_logits(*step, example, target, draws)) {
        const auto nearest = std::min_element(expected.begin(), expected.end(), [&](double a, double b) {
          return std::abs(a - z) < std::abs(b - z);
        });
        EXPECT_NEAR(*nearest, z, 1e-6);
        ++seen[static_cast<size_t>(nearest - expected.begin())];
      }
      for (size_t subset = 0; subset < 8; ++subset) {
        const double p = probability[subset];
        EXPECT_NEAR(seen[subset], draws * p, 5 * std::sqrt(draws * p * (1 - p))) << subset;
      }
    }
  }
}

TEST(FusedStep, StartsAsTheNaiveBayesClassifierThatThePlanWasGiven) {
  Case c;
  c.layers = {embedding(5), word_dropout(0.5), pool("mean_pool", "exclude"), linear(2)};
  c.layers[0].args["initializer"] = {{"naive_bayes", {{"alpha", 1.0}, {"scale", 4.0}}}};
  c.num_labels = 2;
  Bench bench(c);
  std::vector<float> ratios(static_cast<size_t>(kNumIds) * 2);
  for (size_t i = 2; i < ratios.size(); ++i) ratios[i] = static_cast<float>(i % 7) - 3;
  layers::start_as_naive_bayes(bench.plan, ratios, {0.5f, -0.25f});
  const auto fused = bench.fused();
  const auto reference = bench.reference();
  expect_same_bits(fused->evaluation_weights(), reference->evaluation_weights());
  const std::vector<float> logits = fused->logits(bench.data.rows), same = reference->logits(bench.data.rows);
  for (int64_t example = 0; example < bench.data.size(); ++example) {
    const std::vector<int32_t> ids = row_of(bench.data, example);
    for (size_t label = 0; label < 2; ++label) {
      double sum = 0;
      for (const int32_t id : ids) sum += double{ratios[static_cast<size_t>(id) * 2 + label]};
      const double expected =
          4 * sum / std::max<double>(static_cast<double>(ids.size()), 1) + (label == 0 ? 0.5 : -0.25);
      EXPECT_NEAR(logits[static_cast<size_t>(example) * 2 + label], expected, 1e-5);
      EXPECT_NEAR(same[static_cast<size_t>(example) * 2 + label], expected, 1e-5);
    }
  }
}

TEST(FusedStep, RefusesALossThatIsNotFiniteAndNamesTheExamples) {
  Bench bench(Case{});
  const auto fused = bench.fused();
  bench.train(*fused, 0, 5);
  NamedTensors weights = fused->evaluation_weights();
  weights[0].second = weights[0].second.clone();
  weights[0].second[59].fill_(std::numeric_limits<float>::infinity());
  fused->load(weights, fused->training_state());
  TokenRows rows;
  for (int64_t i = 0; i < bench.data.size(); ++i) {
    for (const int32_t id : row_of(bench.data, i)) rows.ids.push_back(i == 8 ? 59 : id);
    rows.end_row();
  }
  bench.data.rows = std::move(rows);
  const NamedTensors before = fused->evaluation_weights();
  std::vector<NamedTensors::value_type> kept;
  for (const auto& [name, tensor] : before) kept.emplace_back(name, tensor.clone());
  const std::vector<int64_t> examples = {1, 8, 2};
  ASSERT_GT(bench.data.rows.row_size(8), 0);
  try {
    fused->update(examples, 5, 0.01);
    FAIL();
  } catch (const NonFiniteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("step 6: the loss is"));
    EXPECT_THAT(error.what(), HasSubstr("1 of 3 examples have logits that are not finite: row 9."));
    EXPECT_EQ(error.exit_code(), ExitCode::kNonFinite);
  }
  expect_same_bits(kept, fused->evaluation_weights());
}

TEST(FusedStep, RefusesAGradientThatOverflowsWithoutMovingAWeight) {
  Case c;
  c.weighted = true;
  c.layers = {embedding(16), pool("sum_pool", "exclude"), linear(1)};
  Bench bench(c);
  const auto fused = bench.fused();
  NamedTensors weights;
  for (const auto& [name, tensor] : fused->evaluation_weights()) weights.emplace_back(name, tensor.clone());
  weights[0].second.fill_(1e-30f);
  weights[1].second.fill_(3e30f);
  fused->load(weights, fused->training_state());
  const std::vector<int64_t> examples = {1, 2, 3, 4};
  try {
    fused->update(examples, 0, 0.01);
    FAIL();
  } catch (const NonFiniteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the gradient is not finite in its norm only (overflow)"));
  }
  expect_same_bits(weights, fused->evaluation_weights());
}

TEST(FusedStep, RefusesAStateOfAnotherOptimizer) {
  Bench first(Case{});
  Case other;
  other.optimizer = adagrad();
  Bench second(other);
  const auto adam_step = first.fused(), adagrad_step = second.fused();
  EXPECT_THROW(adagrad_step->load(adam_step->evaluation_weights(), adam_step->training_state()),
               ArtifactError);
}

}  // namespace
}  // namespace bernoulli

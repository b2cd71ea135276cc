#include "train/cuda_fused_step.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "core/error.h"
#include "support/card.h"
#include "support/host_card.h"
#include "support/narrow_rows.h"
#include "train/fused_cases.h"

// The kernels of the card run here on the processor, one thread after the other (support/host_card.h): the
// same functions, compiled by the other compiler. What only a card can show is skipped without one.

namespace bernoulli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Order = card::HostCardSettings::Order;

/// With a dropout before the pool, and one behind it.
Case with_dropout(Case c) {
  if (c.layers.size() == 1 || c.layers.front().kind == "embedding_bag") {
    if (c.layers.size() > 1) c.layers.insert(c.layers.begin() + 1, dropout(0.25));
    return c;
  }
  c.layers.insert(c.layers.begin() + 2, dropout(0.5));
  c.layers.insert(c.layers.begin() + 1, dropout(0.25));
  return c;
}

/// The same, with a word dropout where there may be one: behind the embedding.
Case with_word_dropout(Case c) {
  c = with_dropout(std::move(c));
  if (c.layers.front().kind == "embedding")
    c.layers.insert(c.layers.begin() + 1, layer("word_dropout", {{"rate", 0.4}}));
  return c;
}

/// Of the model's largest weight.
void expect_near(const Step& expected, const Step& got, double tolerance) {
  const NamedTensors a = expected.evaluation_weights(), b = got.evaluation_weights();
  ASSERT_EQ(a.size(), b.size());
  double size = 0;
  for (const auto& [name, tensor] : a) size = std::max(size, tensor.abs().max().item<double>());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_LT((a[i].second - b[i].second).abs().max().item<double>(), tolerance * size) << a[i].first;
  }
}

TokenRows rows_of(const EncodedDataset& data) {
  TokenRows rows;
  for (int64_t i = 0; i < data.size(); ++i) {
    const std::vector<int32_t> row = row_of(data, i);
    rows.ids.insert(rows.ids.end(), row.begin(), row.end());
    rows.end_row();
  }
  return rows;
}

class OnHostCard : public ::testing::TestWithParam<Case> {
 protected:
  ~OnHostCard() override { card::HostCard::settings() = {}; }
};
INSTANTIATE_TEST_SUITE_P(CudaFusedStep, OnHostCard, ::testing::ValuesIn(cases()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(OnHostCard, AgreesWithTheFusedEngineWithTheSameDropout) {
  Case words_alone = GetParam();
  if (words_alone.layers.front().kind == "embedding")
    words_alone.layers.insert(words_alone.layers.begin() + 1, layer("word_dropout", {{"rate", 0.4}}));
  for (const Case& c : {GetParam(), with_dropout(GetParam()), words_alone, with_word_dropout(GetParam())}) {
    Bench bench(c);
    const auto fused = bench.fused();
    const auto card = bench.on_card(card::host_functions());
    expect_same_state(*fused, *card);
    const double expected = bench.train(*fused, 0, 20), got = bench.train(*card, 0, 20);
    EXPECT_NEAR(got, expected, 1e-6 * std::abs(expected));
    expect_near(*fused, *card, 2e-6);
    const std::vector<int64_t> some = {3, 5, 8, 13};
    const StepResult a = fused->update(some, 20, 0), b = card->update(some, 20, 0);
    EXPECT_EQ(b.telemetry.entries, a.telemetry.entries);
    EXPECT_EQ(b.telemetry.saturated, a.telemetry.saturated);
    EXPECT_EQ(b.telemetry.wrong_and_dead, a.telemetry.wrong_and_dead);
    EXPECT_NEAR(b.telemetry.max_abs_logit, a.telemetry.max_abs_logit, 1e-5 * (1 + a.telemetry.max_abs_logit));
    EXPECT_NEAR(b.gradient_norm, a.gradient_norm, 1e-5 * (1e-2 + a.gradient_norm));
    EXPECT_EQ(b.weight, a.weight);
    const std::vector<float> z = fused->logits(bench.data.rows), y = card->logits(bench.data.rows);
    ASSERT_EQ(z.size(), y.size());
    for (size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(z[i], y[i], 1e-5 * (1 + std::abs(z[i])));
  }
}

TEST_P(OnHostCard, GivesTheSameBitsInEveryOrderAndForEverySweep) {
  using card::Sweep;
  Bench bench(with_word_dropout(GetParam()));
  bench.data.rows = testing::narrow_rows(rows_of(bench.data));  // ids of 16 bits; elsewhere of 32
  card::HostCardSettings& settings = card::HostCard::settings();
  settings.sweep = Sweep::kDense;
  const auto first = bench.on_card(card::host_functions());
  const double loss = bench.train(*first, 0, 10);
  const auto expect_same = [&](Order order, Sweep sweep, int64_t shared_limit, bool prepares_early) {
    settings.sorted_at_once =
        order == Order::kMixed ? 250 : int64_t{1} << 21;  // pieces of two or three updates
    settings.order = order;
    settings.sweep = sweep;
    settings.shared_limit = shared_limit;
    settings.prepares_early = prepares_early;
    settings.prepares_pieces_early = order != Order::kForwards;
    const auto other = bench.on_card(card::host_functions());
    EXPECT_EQ(bench.train(*other, 0, 10), loss);
    expect_same_state(*first, *other);
    EXPECT_EQ(first->logits(bench.data.rows), other->logits(bench.data.rows));
  };
  expect_same(Order::kForwards, Sweep::kDeferred, 48 * 1024, false);
  expect_same(Order::kBackwards, Sweep::kDense, 0, false);  // 0: a block's numbers lie in the card's memory
  expect_same(Order::kMixed, Sweep::kDeferred, 0, true);
}

TEST_P(OnHostCard, GoesOnFromASavedStateOfEitherEngineBitForBit) {
  Bench bench(with_word_dropout(GetParam()));
  const auto whole = bench.on_card(card::host_functions()), first = bench.on_card(card::host_functions()),
             second = bench.on_card(card::host_functions());
  bench.train(*whole, 0, 12);
  for (int64_t step = 0; step < 5; ++step) bench.train(*first, step, step + 1);
  second->load(first->evaluation_weights(), first->training_state());
  bench.train(*second, 5, 12);
  expect_same_state(*whole, *second);
  const auto fused = bench.fused(), back = bench.fused();
  bench.train(*fused, 0, 5);
  second->load(fused->evaluation_weights(), fused->training_state());
  expect_same_state(*fused, *second);
  back->load(second->evaluation_weights(), second->training_state());
  expect_same_state(*fused, *back);
}

/// Texts of about 100 tokens, most of them one word: a row whose gradient goes through most blocks, beside
/// rows that one group sums.
Bench with_long_rows(int64_t dim) {
  Case c;
  c.layers = {bag(dim, "mean"), dropout(0.25), linear(3), layer("relu"), linear(1)};
  c.optimizer = sgd(0.9);  // adam makes of a rounding error in a small gradient one of its step
  c.accumulate = 12;
  Bench bench(c);
  TokenRows rows;
  for (int64_t i = 0; i < bench.data.size(); ++i) {
    for (int64_t p = 0; p < 100 - i % 5; ++p)
      rows.ids.push_back(i % 7 == 0 ? static_cast<int32_t>(p * 11 % kNumIds) : 3);
    rows.end_row();
  }
  bench.data.rows = std::move(rows);
  return bench;
}
constexpr double kLongRowsTolerance = 5e-6;  // sums of 9,000 numbers in another order
/// Features one and four at a time, fewer and more than a block has threads.
const auto dimensions = ::testing::Values(2, 20, 257, 300, 1028);

class LongRows : public ::testing::TestWithParam<int64_t> {
 protected:
  ~LongRows() override { card::HostCard::settings() = {}; }
};
INSTANTIATE_TEST_SUITE_P(CudaFusedStep, LongRows, dimensions);

TEST_P(LongRows, AreSummedOverBlocksInOneOrder) {
  Bench bench = with_long_rows(GetParam());
  const auto fused = bench.fused();
  const auto card = bench.on_card(card::host_functions());
  const double expected = bench.train(*fused, 0, 3);
  EXPECT_NEAR(bench.train(*card, 0, 3), expected, 1e-6 * expected);
  expect_near(*fused, *card, kLongRowsTolerance);
  card::HostCard::settings().processors = 3;
  for (const Order order : {Order::kBackwards, Order::kBlocksAtOnce}) {
    card::HostCard::settings().order = order;
    const auto other = bench.on_card(card::host_functions());
    bench.train(*other, 0, 3);
    expect_same_state(*card, *other);
  }
}

/// As many readings as there is room to sort, by keys of so many bits that the sort takes several passes.
void train_on_full_pieces(const card::Functions& functions) {
  constexpr int64_t kManyIds = 100000, kWords = 220;
  Case c;
  c.layers = {bag(4, "mean"), linear(1)};
  Bench bench(c);
  bench.plan = layers::plan_model(bench.config.model, bench.config.text, c.loss.mode, kManyIds, 1);
  bench.config.training.batch_size = bench.data.size() / 3;  // a piece is three updates, of all there is
  Random random(5);
  TokenRows rows;
  for (int64_t i = 0; i < bench.data.size(); ++i) {
    for (int64_t p = 0; p < kWords; ++p)
      rows.ids.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(kManyIds))));
    rows.end_row();
  }
  bench.data.rows = std::move(rows);
  const auto fused = bench.fused();
  const auto card = bench.on_card(functions);
  const double expected = bench.train(*fused, 0, 9);
  EXPECT_NEAR(bench.train(*card, 0, 9), expected, 1e-5 * std::abs(expected));
  expect_near(*fused, *card, 1e-5);
}

TEST(CudaFusedStep, SortsAsManyReadingsAsItWasTold) { train_on_full_pieces(card::host_functions()); }

/// Padding is one reading an example, behind a dropout of its own.
TEST(CudaFusedStep, SumsPaddingAndManyExamples) {
  Case c;
  c.layers = {embedding(20), dropout(0.25), pool("mean_pool", "include"), linear(3), linear(1)};
  c.accumulate = 12;
  Bench bench(c);
  const auto fused = bench.fused();
  const auto card = bench.on_card(card::host_functions());
  const double expected = bench.train(*fused, 0, 8);
  EXPECT_NEAR(bench.train(*card, 0, 8), expected, 1e-6 * expected);
  expect_near(*fused, *card, 5e-6);
}

/// More labels than one thread adds, and than a block has threads.
TEST(CudaFusedStep, SumsTheLossesOfManyLabels) {
  for (const int64_t labels : {17, 300}) {
    Case c;
    c.layers.back() = linear(labels);
    c.optimizer = sgd(0.9);
    c.num_labels = labels;
    Bench bench(c);
    const auto fused = bench.fused();
    const auto card = bench.on_card(card::host_functions());
    const std::vector<int64_t> some = {3, 5, 8, 13};
    for (int64_t step = 0; step < 5; ++step) {
      const StepResult a = fused->update(some, step, 0.3), b = card->update(some, step, 0.3);
      EXPECT_NEAR(b.loss_sum, a.loss_sum, 1e-6 * a.loss_sum);
      EXPECT_NEAR(b.telemetry.max_abs_logit, a.telemetry.max_abs_logit,
                  1e-5 * (1 + a.telemetry.max_abs_logit));
      EXPECT_EQ(b.telemetry.saturated, a.telemetry.saturated);
      EXPECT_EQ(b.telemetry.wrong_and_dead, a.telemetry.wrong_and_dead);
    }
    expect_near(*fused, *card, 2e-6);
  }
}

using Piece = std::tuple<int64_t, int64_t, bool>;

/// Of a piece: 250 readings are two or three updates, 10 are one.
class Pieces : public ::testing::TestWithParam<Piece> {
 protected:
  Pieces() {
    card::HostCard::settings().sorted_at_once = std::get<0>(GetParam());
    card::HostCard::settings().too_many = std::get<1>(GetParam());
    card::HostCard::settings().prepares_pieces_early = std::get<2>(GetParam());
  }
  ~Pieces() override { card::HostCard::settings() = {}; }
};
INSTANTIATE_TEST_SUITE_P(CudaFusedStep, Pieces,
                         ::testing::Values(Piece(10, 0, false), Piece(10, 1, true), Piece(10, 2, false),
                                           Piece(250, 0, true), Piece(250, 1, false), Piece(250, 2, true),
                                           Piece(1 << 21, 0, false), Piece(1 << 21, 1, true),
                                           Piece(1 << 21, 2, false)));

/// Weights and optimizer state are two copies of which each update reads one and writes the other: after an
/// odd number of updates and after an even one the step reads, evaluates and goes on from what was written
/// last. No update of a piece lacks its record, its last one neither, whatever else the card makes.
TEST_P(Pieces, OfAnyLengthLeaveTheirWeightsAndRecords) {
  Bench bench(with_dropout(Case{}));
  card::HostCardSettings& settings = card::HostCard::settings();
  settings.sweep = card::Sweep::kDeferred;  // one copy
  const auto expected = bench.on_card(card::host_functions());
  settings.sweep = card::Sweep::kDense;
  const auto got = bench.on_card(card::host_functions());
  int64_t step = 0;
  for (const int64_t count : {1, 1, 2, 3, 1, 4, 5, 6}) {
    std::vector<StepResult> one_by_one, at_once;
    for (int64_t s = step; s < step + count; ++s) {
      bench.plan_updates(*expected, s, s + 1, [&](const std::vector<PlannedUpdate>& updates) {
        one_by_one.push_back(expected->update_all(updates).front());
      });
    }
    bench.plan_updates(*got, step, step + count, [&](const std::vector<PlannedUpdate>& updates) {
      at_once = got->update_all(updates);
    });
    ASSERT_EQ(at_once.size(), one_by_one.size());
    for (size_t i = 0; i < at_once.size(); ++i) {
      EXPECT_EQ(at_once[i].loss_sum, one_by_one[i].loss_sum);
      EXPECT_EQ(at_once[i].gradient_norm, one_by_one[i].gradient_norm);
      EXPECT_EQ(at_once[i].telemetry.max_abs_logit, one_by_one[i].telemetry.max_abs_logit);
    }
    expect_same_state(*expected, *got);
    EXPECT_EQ(expected->logits(bench.data.rows), got->logits(bench.data.rows));
    step += count;
  }
}

/// Wherever in a run and a piece: the copy that a refused update wrote is not read, by no later update
/// either.
TEST_P(Pieces, ARefusedUpdateLeavesNothingWhereverItIs) {
  Bench bench(Case{});
  card::HostCardSettings& settings = card::HostCard::settings();
  settings.sweep = card::Sweep::kDense;
  TokenRows rows;
  for (int64_t i = 0; i < bench.data.size(); ++i) {
    for (int64_t p = 0; p < 10; ++p) rows.ids.push_back(i == 8 ? 59 : static_cast<int32_t>(1 + (i + p) % 50));
    rows.end_row();
  }
  bench.data.rows = std::move(rows);
  const std::vector<int64_t> fine = {4, 5, 30}, bad = {1, 8, 2};
  constexpr size_t kUpdates = 7;
  for (size_t at = 0; at < kUpdates; ++at) {
    const auto got = bench.on_card(card::host_functions()), expected = bench.on_card(card::host_functions());
    NamedTensors weights = got->evaluation_weights();
    weights[0].second[59].fill_(std::numeric_limits<float>::infinity());
    for (CudaFusedStep* const step : {got.get(), expected.get()}) step->load(weights, step->training_state());
    std::vector<PlannedUpdate> updates;
    for (size_t u = 0; u < kUpdates; ++u)
      updates.push_back({u == at ? bad : fine, static_cast<int64_t>(u), 0.01});
    try {
      got->update_all(updates);
      FAIL();
    } catch (const NonFiniteError& error) {
      EXPECT_THAT(error.what(), HasSubstr("step " + std::to_string(at + 1) + ": the loss is"));
      EXPECT_THAT(error.what(), HasSubstr("1 of 3 examples have logits that are not finite: row 9."));
    }
    if (at > 0) expected->update_all(std::span(updates).first(at));
    expect_same_state(*expected, *got);
    for (CudaFusedStep* const step : {got.get(), expected.get()}) step->update(fine, 9, 0.01);
    expect_same_state(*expected, *got);
  }
}

/// With the tsan preset a race between threads of a phase, or between blocks, is an error.
TEST(CudaFusedStep, GivesTheSameBitsOnRealThreads) {
  Case c;
  c.layers = {embedding(16), layer("word_dropout", {{"rate", 0.4}}),
              dropout(0.25), pool("mean_pool", "include"),
              linear(3),     layer("relu"),
              dropout(0.5),  linear(1)};
  card::HostCardSettings& settings = card::HostCard::settings();
  settings.processors = 2;
  for (const std::optional<double> clip_norm : {std::optional<double>(), std::optional<double>(0.01)}) {
    c.clip_norm = clip_norm;
    Bench bench(c);
    settings.order = Order::kForwards;
    const auto one = bench.on_card(card::host_functions());
    bench.train(*one, 0, 3);
    for (const Order order : {Order::kThreadsAtOnce, Order::kBlocksAtOnce}) {
      for (const card::Sweep sweep : {card::Sweep::kDense, card::Sweep::kDeferred}) {
        settings.order = order;
        settings.sweep = sweep;
        const auto many = bench.on_card(card::host_functions());
        bench.train(*many, 0, 3);
        expect_same_state(*one, *many);
        EXPECT_EQ(one->logits(bench.data.rows), many->logits(bench.data.rows));
      }
    }
  }
  settings = {};
}

TEST(CudaFusedStep, AProfileMakesTheSameUpdatesAndNamesTheKernels) {
  Bench bench(Case{});
  const auto one = bench.on_card(card::host_functions()), other = bench.on_card(card::host_functions());
  const std::vector<int64_t> examples = {4, 5, 6};
  const std::vector<PlannedUpdate> updates = {{examples, 0, 0.01}, {examples, 1, 0.01}};
  one->update_all(updates);
  std::vector<std::string> names;
  for (const card::KernelTime& time : other->profile(updates)) names.emplace_back(time.name);
  EXPECT_THAT(names, ::testing::ElementsAre("occurrences", "rows read", "examples", "gradients"));
  expect_same_state(*one, *other);
  card::HostCard::settings().sweep = card::Sweep::kDeferred;
  names.clear();
  for (const card::KernelTime& time : bench.on_card(card::host_functions())->profile(updates))
    names.emplace_back(time.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("occurrences", "catch up", "examples", "gradients", "apply", "settle"));
  card::HostCard::settings() = {};
}

/// A sweep, and how many readings are sorted at once: 10 are an update a piece.
class Refusals : public ::testing::TestWithParam<std::tuple<card::Sweep, int64_t>> {
 protected:
  Refusals() {
    card::HostCard::settings().sweep = std::get<0>(GetParam());
    card::HostCard::settings().sorted_at_once = std::get<1>(GetParam());
  }
  ~Refusals() override { card::HostCard::settings() = {}; }
};
INSTANTIATE_TEST_SUITE_P(CudaFusedStep, Refusals,
                         ::testing::Combine(::testing::Values(card::Sweep::kDense, card::Sweep::kDeferred),
                                            ::testing::Values(10, 1 << 21)));

TEST_P(Refusals, ALossThatIsNotFiniteKeepsWhatTheUpdatesBeforeItLeft) {
  Bench bench(Case{});
  TokenRows rows;
  for (int64_t i = 0; i < bench.data.size(); ++i) {
    const std::vector<int32_t> own = row_of(bench.data, i);
    for (size_t p = 0; p < std::max<size_t>(own.size(), 1); ++p) rows.ids.push_back(i == 8 ? 59 : 1);
    rows.end_row();
  }
  bench.data.rows = std::move(rows);
  const auto card = bench.on_card(card::host_functions()), good = bench.on_card(card::host_functions());
  NamedTensors weights = card->evaluation_weights();
  weights[0].second[59].fill_(std::numeric_limits<float>::infinity());
  const std::vector<int64_t> fine = {4, 5}, bad = {1, 8, 2};
  const auto refused = [&](CudaFusedStep& step) {
    step.load(weights, step.training_state());
    step.update(fine, 0, 0.01);
  };
  refused(*good);
  card->load(weights, card->training_state());
  const std::vector<PlannedUpdate> updates = {{fine, 0, 0.01}, {bad, 1, 0.01}, {fine, 2, 0.01}};
  try {
    card->update_all(updates);
    FAIL();
  } catch (const NonFiniteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("step 2: the loss is"));
    EXPECT_THAT(error.what(), HasSubstr("1 of 3 examples have logits that are not finite: row 9."));
  }
  expect_same_state(*good, *card);
  card->update(fine, 1, 0.01);  // goes on: nothing of the refused gradient is left
  good->update(fine, 1, 0.01);
  expect_same_state(*good, *card);
}

TEST(CudaFusedStep, RefusesAGradientThatIsNotFiniteAndNamesTheParameters) {
  Case c;
  c.layers = {embedding(16), pool("sum_pool", "exclude"), linear(8), linear(1)};
  Bench bench(c);
  const auto card = bench.on_card(card::host_functions());
  NamedTensors weights = card->evaluation_weights();
  const std::vector<int64_t> examples = {1, 2, 3, 4};
  const auto message = [&](float table, float first, float second) -> std::string {
    weights[0].second.fill_(table);
    weights[1].second.fill_(first);
    weights[3].second.fill_(second);
    card->load(weights, card->training_state());
    try {
      card->update(examples, 0, 0.01);
      return "no error";
    } catch (const NonFiniteError& error) {
      expect_same_bits(weights, card->evaluation_weights());
      return error.what();
    }
  };
  EXPECT_THAT(message(1.2e-38f, 1e19f, 1e20f),
              HasSubstr("the gradient is not finite in embedding_0.weight."));
  EXPECT_THAT(message(1e-30f, 0, 3e30f), HasSubstr("not finite in its norm only (overflow)"));
}

TEST(CudaFusedStep, SaysWhatTheCardLacksAndWhatWouldFit) {
  Bench bench(Case{});
  const auto refusal = [&](int64_t memory) -> std::string {
    card::HostCard::settings().memory = memory;
    try {
      bench.on_card(card::host_functions());
      return "it fits";
    } catch (const DeviceError& error) {
      return error.what();
    }
  };
  EXPECT_THAT(refusal(1000), AllOf(HasSubstr("of the card's memory"), HasSubstr("no vocabulary would fit")));
  EXPECT_EQ(refusal(int64_t{1} << 32), "it fits");
  card::HostCard::settings() = {};
}

TEST(CudaFusedStep, ACardThatFailsLeavesTheCheckpoint) {
  Bench bench(Case{});
  card::Functions functions = card::host_functions();
  functions.run = [](void*, const int32_t*, const card::Update*, int64_t, card::Record*, card::Why why) {
    std::snprintf(why.text, static_cast<size_t>(why.size), "the card fell off the bus");
    return card::Status::kFailed;
  };
  const auto card = bench.on_card(functions);
  try {
    bench.train(*card, 0, 1);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("fell off the bus"), HasSubstr("last checkpoint is good")));
  }
}

TEST(CudaFusedStep, TheLibraryWithoutACardAnswersAndSaysWhatItLacks) {
  use_built_cuda_library();
  if (cuda_function("bernoulli_cuda_interface") == nullptr) GTEST_SKIP() << "there is no CUDA library";
  std::string why_none;
  if (num_cuda_devices(&why_none) > 0) GTEST_SKIP() << "this machine has a CUDA device";
  Bench bench(Case{});
  try {
    bench.on_card(cuda_fused_functions());
    FAIL();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the CUDA device failed: cuda"));
  }
}

/// What follows runs on a card, where there is one.
class OnCard : public TestOnCard<Case> {};
INSTANTIATE_TEST_SUITE_P(CudaFusedStep, OnCard, ::testing::ValuesIn(cases()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(OnCard, AgreesWithTheFusedEngineAndRepeatsItsBits) {
  Bench bench(with_word_dropout(GetParam()));
  bench.data.rows = testing::narrow_rows(rows_of(bench.data));
  const auto fused = bench.fused();
  const auto first = bench.on_card(cuda_fused_functions()), second = bench.on_card(cuda_fused_functions());
  const double expected = bench.train(*fused, 0, 30), got = bench.train(*first, 0, 30);
  EXPECT_NEAR(got, expected, 1e-5 * std::abs(expected));
  expect_near(*fused, *first, 1e-5);
  EXPECT_EQ(bench.train(*second, 0, 30), got);
  expect_same_state(*first, *second);
}

class OneModelOnCard : public TestOnCard<int> {};
class LongRowsOnCard : public TestOnCard<int64_t> {};
INSTANTIATE_TEST_SUITE_P(CudaFusedStep, LongRowsOnCard, dimensions);

TEST_P(LongRowsOnCard, AreSummedOverBlocksInOneOrder) {
  Bench bench = with_long_rows(GetParam());
  const auto fused = bench.fused();
  const auto first = bench.on_card(cuda_fused_functions()), second = bench.on_card(cuda_fused_functions());
  const double expected = bench.train(*fused, 0, 40), got = bench.train(*first, 0, 40);
  EXPECT_NEAR(got, expected, 1e-5 * expected);
  expect_near(*fused, *first, 5 * kLongRowsTolerance);
  EXPECT_EQ(bench.train(*second, 0, 40), got);
  expect_same_state(*first, *second);
}

TEST_F(OneModelOnCard, SortsAsManyReadingsAsItWasTold) { train_on_full_pieces(cuda_fused_functions()); }

/// What is timed neither overlaps nor comes from a graph.
TEST_P(LongRowsOnCard, AProfileMakesTheSameUpdates) {
  Bench bench = with_long_rows(GetParam());
  const auto one = bench.on_card(cuda_fused_functions()), other = bench.on_card(cuda_fused_functions());
  bench.train(*one, 0, 40);
  bench.plan_updates(*other, 0, 40, [&](const std::vector<PlannedUpdate>& updates) {
    for (const card::KernelTime& time : other->profile(updates)) EXPECT_GT(time.seconds, 0) << time.name;
  });
  expect_same_state(*one, *other);
  EXPECT_GT(cuda_copy_speed(0, 1 << 20), 0);
}

TEST_P(LongRowsOnCard, EvaluationsInARowDoNotSeeEachOther) {
  Bench bench = with_long_rows(GetParam());
  const auto fused = bench.fused();
  const auto card = bench.on_card(cuda_fused_functions());
  TokenRows other;
  for (int64_t i = 0; i < 3000; ++i) {
    for (int64_t p = 0; p <= i % 11; ++p) other.ids.push_back(static_cast<int32_t>((i + p) % kNumIds));
    other.end_row();
  }
  for (const TokenView& rows : {TokenView(bench.data.rows), TokenView(other), TokenView(bench.data.rows)}) {
    const std::vector<float> expected = fused->logits(rows), got = card->logits(rows);
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(got[i], expected[i], 1e-5 * (1 + std::abs(expected[i]))) << i;
  }
}

}  // namespace
}  // namespace bernoulli

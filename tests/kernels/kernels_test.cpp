#include "kernels/kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "kernels/activations.h"
#include "kernels/binomial.h"
#include "kernels/draws.h"
#include "kernels/entry_loss.h"
#include "kernels/touched_rows.h"
#include "kernels/update_number.h"

namespace bernoulli::kernels {
namespace {

std::vector<float> numbers(size_t count, float scale) {
  std::vector<float> out(count);
  for (size_t i = 0; i < count; ++i)
    out[i] = scale * static_cast<float>(std::sin(static_cast<double>(i) * 1.7));
  return out;
}

UpdateRule adam_betas(const UpdateRule& rule) { return with_betas(rule, 0.9, 0.999); }

double log_choose(int n, int k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

TEST(BinomialTables, GiveEveryCountItsProbability) {
  const uint32_t threshold = 52429;
  const double p = threshold / 65536.0;
  BinomialTables tables(threshold);
  for (const int n : {1, 2, 17, 255}) {
    tables.prepare(n);
    const uint32_t* entries = tables.tables()[n];
    std::vector<double> probability(static_cast<size_t>(n) + 1);
    for (int cell = 0; cell <= n; ++cell) {
      const double stay = (entries[cell] >> 8) / 0x1p24;
      probability[static_cast<size_t>(cell)] += stay / (n + 1);
      probability[entries[cell] & 255] += (1 - stay) / (n + 1);
    }
    for (int k = 0; k <= n; ++k) {
      const double exact = std::exp(log_choose(n, k) + k * std::log(p) + (n - k) * std::log1p(-p));
      EXPECT_NEAR(probability[static_cast<size_t>(k)], exact, 1e-7) << n << " " << k;
    }
  }
}

TEST(Pool, DrawsPaddingCountsWithTheBinomialsMeanAndVariance) {
  const int64_t pads = 300;  // more than one table holds
  BinomialTables tables(45875);
  tables.prepare(pads);
  const double p = 45875 / 65536.0;
  const std::vector<float> weights(16, 1.0f);
  double sum = 0, squares = 0, product = 0;
  constexpr int kExamples = 4000;
  for (int i = 0; i < kExamples; ++i) {
    PoolInput input;
    input.pads = pads;
    input.draws = {static_cast<uint32_t>(i) * 977u, static_cast<uint32_t>(i), 45875};
    input.binomial = tables.tables();
    float out[16], counts[16];
    available_kernels().front()->pool(input, weights.data(), 16, out, nullptr, counts);
    for (int lane = 0; lane < 16; ++lane) {
      sum += counts[lane];
      squares += counts[lane] * counts[lane];
      product += counts[lane] * counts[(lane + 1) % 16];
    }
  }
  const double n = 16.0 * kExamples, mean = sum / n, variance = squares / n - mean * mean;
  const double expected = static_cast<double>(pads) * p * (1 - p);
  EXPECT_NEAR(mean, static_cast<double>(pads) * p, 4 * std::sqrt(expected / n));
  EXPECT_NEAR(variance, expected, 0.03 * expected);
  EXPECT_NEAR(product / n - mean * mean, 0, 0.03 * expected);  // neighbours are independent
}

TEST(Pool, KeepsEveryFeatureWithItsProbabilityAndScattersWhatItKept) {
  const std::vector<float> weights(4 * 32, 1.0f);
  const std::vector<int32_t> ids = {1, 2, 3, 1, 2};
  const std::vector<uint32_t> slots = {9, 0, 1, 2};  // of id 0, which is not there, to id 3
  std::vector<double> kept(5 * 32);
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    PoolInput input;
    input.ids = ids.data();
    input.count = 5;
    input.draws = {static_cast<uint32_t>(i) * 2654435761u, static_cast<uint32_t>(i) * 40503u, 49152};
    std::vector<uint16_t> keep(5 * 2);
    std::vector<float> out(32), gradients(3 * 32), gradient(32, 1.0f);
    const Kernels& k = *available_kernels().front();
    k.pool(input, weights.data(), 32, out.data(), keep.data(), nullptr);
    k.scatter(input, slots.data(), gradient.data(), 32, keep.data(), nullptr, gradients.data(), nullptr);
    for (size_t f = 0; f < 32; ++f) {
      float total = 0;
      for (size_t slot = 0; slot < 3; ++slot) total += gradients[slot * 32 + f];
      ASSERT_EQ(out[f], total);  // as many as went forward come back
      for (size_t p = 0; p < 5; ++p) kept[p * 32 + f] += keep[f / 16 * 5 + p] >> (f % 16) & 1;
    }
  }
  for (const double count : kept) EXPECT_NEAR(count / kDraws, 0.75, 5 * std::sqrt(0.75 * 0.25 / kDraws));
}

TEST(Kernels, EveryVariantGivesTheSameBits) {
  const Kernels& portable = *available_kernels().back();
  for (const Kernels* variant : available_kernels()) {
    for (const RuleKind kind :
         {RuleKind::kSgd, RuleKind::kMomentum, RuleKind::kAdam, RuleKind::kAdamW, RuleKind::kAdagrad}) {
      for (const float decay : {0.0f, 0.01f}) {
        const auto run = [&](const Kernels& k) {
          std::vector<float> w = numbers(8 * 48, 1), a = numbers(8 * 48, 0.1f), b = numbers(8 * 48, 0.1f);
          for (float& x : a) x = x * x;
          for (float& x : b) x = x * x;
          const Table table{w.data(), a.data(), b.data(), 48};
          const UpdateRule rule = adam_betas({kind, 0, 0, 1e-8f, decay, true});
          const std::vector<UpdateConstants> history(9, UpdateConstants{0.01f, 1.5f, 0.999f, 0.9f, 0.5f});
          const std::vector<int32_t> rows = {3, 1, 7, 0, 5, 2, 6}, missed = {1, 2, 2, 3, 7, 8, 9};
          std::vector<float> gradients = numbers(7 * 48, 0.3f);
          k.catch_up(rule, history.data() + 9, table, rows.data(), missed.data(), 7);
          k.update(rule, history[0], table, rows.data(), 7, gradients.data());
          for (const std::vector<float>& other : {a, b, gradients})
            w.insert(w.end(), other.begin(), other.end());
          return w;
        };
        const std::vector<float> expected = run(portable), got = run(*variant);
        EXPECT_EQ(std::memcmp(expected.data(), got.data(), expected.size() * sizeof(float)), 0)
            << variant->name << " rule " << static_cast<int>(kind) << " decay " << decay;
      }
    }
  }
}

/// Rows that no gradient reached are passed over together; alone each goes through every update.
TEST(Kernels, RowsAtRestStayAsTheyAre) {
  constexpr int64_t kStride = 32;
  const std::vector<UpdateConstants> history(50, {0.1f, 1.5f, 1, 0.9f, 1});
  const std::vector<int32_t> rows = {0, 1, 2, 3, 4, 5, 6, 7}, missed = {50, 50, 50, 50, 50, 50, 50, 40};
  for (const Kernels* kernels : available_kernels()) {
    for (const RuleKind kind : {RuleKind::kSgd, RuleKind::kMomentum, RuleKind::kAdam, RuleKind::kAdamW}) {
      for (const float decay : {0.0f, 0.01f}) {
        SCOPED_TRACE(fmt::format("{} {} {}", kernels->name, static_cast<int>(kind), decay));
        const UpdateRule rule = adam_betas({kind, 0, 0, 1e-7f, decay, false});
        const std::vector<float> initial = numbers(8 * kStride, 1);
        std::vector<float> together[3] = {initial, std::vector<float>(initial.size()),
                                          std::vector<float>(initial.size())};
        for (float* state : {&together[1][0], &together[2][0]}) state[5 * kStride + 17] = 0.25f;
        std::vector<float> alone[3] = {together[0], together[1], together[2]};
        const auto table = [&](std::vector<float>* of) {
          return Table{of[0].data(), of[1].data(), of[2].data(), kStride};
        };
        kernels->catch_up(rule, history.data() + history.size(), table(together), rows.data(), missed.data(),
                          8);
        for (size_t i = 0; i < rows.size(); ++i)
          kernels->catch_up(rule, history.data() + history.size(), table(alone), &rows[i], &missed[i], 1);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(together[i], alone[i]) << i;
        if (decay == 0) {
          EXPECT_EQ(std::vector<float>(together[0].begin(), together[0].begin() + 4 * kStride),
                    std::vector<float>(initial.begin(), initial.begin() + 4 * kStride));
        }
      }
    }
  }
}

TEST(UpdateNumber, GivesTheBitsOfTheSixteenLanes) {
  const Kernels& lanes = *available_kernels().back();
  for (const RuleKind kind :
       {RuleKind::kSgd, RuleKind::kMomentum, RuleKind::kAdam, RuleKind::kAdamW, RuleKind::kAdagrad}) {
    for (const float decay : {0.0f, 0.01f}) {
      for (const bool nesterov : {false, true}) {
        for (const bool has_gradient : {false, true}) {
          std::vector<float> w = numbers(64, 1), a = numbers(64, 0.1f), b = numbers(64, 0.2f);
          for (float& x : a) x = x * x;
          for (float& x : b) x = x * x;
          const std::vector<float> g = numbers(64, 0.3f);
          const UpdateRule rule = adam_betas({kind, 0, 0, 1e-8f, decay, nesterov});
          const UpdateConstants constants{0.01f, 1.5f, 0.999f, 0.9f, 0.5f};
          std::vector<Number> one(64);
          for (size_t i = 0; i < 64; ++i) {
            one[i] = {w[i], a[i], b[i]};
            update_number(rule, constants, has_gradient, g[i], one[i]);
          }
          const Table table{w.data(), a.data(), b.data(), 64};
          std::vector<float> gradient = g;
          const int32_t row = 0, missed = 1;
          if (has_gradient) lanes.update(rule, constants, table, &row, 1, gradient.data());
          if (!has_gradient) lanes.catch_up(rule, &constants + 1, table, &row, &missed, 1);
          for (size_t i = 0; i < 64; ++i) {
            const Number got{w[i], a[i], b[i]};
            ASSERT_EQ(std::memcmp(&one[i], &got, sizeof got), 0) << static_cast<int>(kind) << " " << i;
          }
        }
      }
    }
  }
}

/// Whether dropout keeps `feature` of the token at `position` of an example of `count` tokens, as the card's
/// loops put it together.
bool keeps_token(const DropoutDraws& draws, int64_t count, int64_t position, int64_t feature) {
  const uint32_t word = random_word(draws.key0, draws.key1, number_of_pair(count, position, feature));
  return keeps_position(word, position, draws.threshold);
}

/// Rows of 40 numbers are two whole blocks of lanes and a half; 300 pads need two tables.
TEST(Draws, AreThoseOfTheSixteenLanes) {
  BinomialTables tables(45875);
  const std::vector<uint32_t> flat = tables.flat();
  const int64_t stride = padded(40);
  for (const int64_t count : {0, 1, 2, 7}) {
    const std::vector<int32_t> ids(static_cast<size_t>(count), 1);
    PoolInput input;
    input.ids = ids.data();
    input.count = count;
    input.pads = 300;
    input.draws = {123456789u, 987654321u, 45875};
    input.binomial = tables.tables();
    const std::vector<float> weights(static_cast<size_t>(2 * stride), 1.0f);
    std::vector<float> out(static_cast<size_t>(stride)), counts(out), dropped(out.size(), 1.0f);
    std::vector<uint16_t> keep(static_cast<size_t>(count * stride / kLanes));
    const Kernels& k = *available_kernels().front();
    k.pool(input, weights.data(), stride, out.data(), keep.data(), counts.data());
    k.dropout(input.draws, 2.0f, dropped.data(), stride);
    for (int64_t f = 0; f < 40; ++f) {
      const auto at = static_cast<size_t>(f);
      EXPECT_EQ(kept_pads(input.draws, flat.data(), 300, f), counts[at]);
      EXPECT_EQ(keeps_feature(input.draws, f), dropped[at] == 2.0f);
      for (int64_t p = 0; p < count; ++p)
        EXPECT_EQ(keeps_token(input.draws, count, p, f),
                  (keep[static_cast<size_t>(f / kLanes * count + p)] >> (f % kLanes) & 1) == 1)
            << count << " " << p << " " << f;
    }
  }
}

/// Steps with and without gradient, of a row that the update reads and of one that catches up; the card's
/// form beside them.
TEST(Adam, MatchesTheFormulaInLongDoubleForBetasNearOne) {
  using Extended = long double;
  constexpr double kLr = 1e-3, kEps = 1e-7;
  constexpr std::pair<double, double> kBetas[] = {
      {0.9, 0.999},       {0.9, 0.99999},    {0.99999, 0.999},        {0.9, 0.9999999},
      {0.9999999, 0.999}, {0.9, 0.99999999}, {0.99999999, 0.99999999}};
  for (const Kernels* k : available_kernels()) {
    for (const auto& [beta1, beta2] : kBetas) {
      SCOPED_TRACE(fmt::format("{} {} {}", k->name, beta1, beta2));
      std::vector<float> w(16, 0.5f), m(16), v(16);
      const Table table{w.data(), m.data(), v.data(), 16};
      const UpdateRule rule =
          with_betas({RuleKind::kAdam, 0, 0, static_cast<float>(kEps), 0, false}, beta1, beta2);
      const Extended b1 = beta1, b2 = beta2;
      Extended ew = 0.5L, em = 0, ev = 0;
      Number number{0.5f, 0, 0};
      for (int t = 1; t <= 20; ++t) {
        const bool has_gradient = t % 3 != 0;
        const float g = has_gradient ? 0.01f * static_cast<float>(t) : 0.0f;
        em = b1 * em + (1 - b1) * static_cast<Extended>(g);
        ev = b2 * ev + (1 - b2) * static_cast<Extended>(g) * static_cast<Extended>(g);
        const Extended c1 = 1 - std::pow(b1, t), c2 = 1 - std::pow(b2, t);
        ew -= kLr * (em / c1) / (std::sqrt(ev / c2) + kEps);
        std::vector<float> gradient(16, g);
        const UpdateConstants c{static_cast<float>(kLr / c1), static_cast<float>(1 / std::sqrt(c2)), 1, 0, 1};
        const int32_t row = 0, missed = 1;
        if (has_gradient) k->update(rule, c, table, nullptr, 1, gradient.data());
        if (!has_gradient) k->catch_up(rule, &c + 1, table, &row, &missed, 1);
        update_number(rule, c, has_gradient, g, number);
      }
      EXPECT_NEAR(w[7], static_cast<double>(ew), 4e-7);
      EXPECT_NEAR(m[7] / static_cast<double>(em), 1, 2e-6);
      EXPECT_NEAR(v[7] / static_cast<double>(ev), 1, 2e-6);
      const Number got{w[7], m[7], v[7]};
      EXPECT_EQ(std::memcmp(&number, &got, sizeof got), 0);
    }
  }
}

/// Whichever rows share a group, and whatever place in it they have: half of a group takes its roots another
/// way.
TEST(Kernels, EveryVariantGivesTheSameBitsForEverySignificandOfTheSecondMoment) {
  constexpr uint32_t kNumbers = 1u << 16;  // a table of 4,096 rows
  const UpdateRule rule = with_betas({RuleKind::kAdam, 0, 0, 1e-8f, 0, false}, 0.9, 1);
  const UpdateConstants constants{1.0f, 1.0f, 1, 0, 1};
  const auto& variants = available_kernels();
  for (const uint32_t shift : {0u, 1u}) {  // each row once in an even and once in an odd place
    std::vector<int32_t> rows(kNumbers / 16), missed(kNumbers / 16, 1);
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int32_t>((i + shift) % rows.size());
    for (uint32_t begin = 0x3f800000; begin < 0x40800000;
         begin += kNumbers) {  // [1, 4): both parities of the exponent
      std::vector<float> second(kNumbers);
      for (uint32_t i = 0; i < kNumbers; ++i) {
        const uint32_t bits = begin + i;
        std::memcpy(&second[i], &bits, sizeof bits);
      }
      const auto moved = [&](const Kernels& k) {
        std::vector<float> w(kNumbers, 0.0f), m(kNumbers, 1.0f), v = second;
        const Table table{w.data(), m.data(), v.data(), 16};
        k.catch_up(rule, &constants + 1, table, rows.data(), missed.data(),
                   static_cast<int64_t>(rows.size()));
        std::vector<float> gradients(kNumbers);
        k.update(rule, constants, table, rows.data(), static_cast<int64_t>(rows.size()), gradients.data());
        return w;
      };
      const std::vector<float> expected = moved(*variants.back());
      for (size_t i = 0; i + 1 < variants.size(); ++i)
        ASSERT_EQ(expected, moved(*variants[i])) << variants[i]->name << " from " << begin;
    }
  }
}

std::vector<int32_t> list(std::span<const int32_t> numbers) { return {numbers.begin(), numbers.end()}; }

TEST(TouchedRows, AreCollectedInOrderEachWithItsSlotAndForgotten) {
  for (const Kernels* const kernels : available_kernels()) {
    for (const int64_t num_rows : {10000, 100000}) {  // all blocks are looked at; those that are used are
      SCOPED_TRACE(fmt::format("{} rows, {}", num_rows, kernels->name));
      const auto last = static_cast<int32_t>(num_rows - 1);
      TouchedRows rows(num_rows, *kernels);
      for (int round = 0; round < 3; ++round) {
        rows.mark(std::vector<int32_t>{4, last, 4, 64});
        rows.mark(std::vector<int32_t>{last, 2, 4160});
        rows.collect();
        EXPECT_EQ(list(rows.rows()), (std::vector<int32_t>{2, 4, 64, 4160, last}));
        for (size_t slot = 0; slot < rows.rows().size(); ++slot)
          EXPECT_EQ(rows.slots()[rows.rows()[slot]], slot);
      }
      std::vector<int32_t> all(static_cast<size_t>(num_rows));
      std::iota(all.begin(), all.end(), 0);
      rows.mark(all);
      rows.collect();
      EXPECT_EQ(list(rows.rows()), all);
      rows.collect();
      EXPECT_TRUE(rows.rows().empty());
    }
  }
}

TEST(TouchedRows, SortsRowsByTheUpdatesTheyMissed) {
  TouchedRows rows(6, *available_kernels().front());
  rows.set_updated(std::vector<int32_t>{1, 2}, 3);
  rows.set_updated(std::vector<int32_t>{4}, 5);
  rows.settle({}, 5);
  EXPECT_EQ(list(rows.missed()), (std::vector<int32_t>{2, 2, 5, 5, 5}));
  EXPECT_EQ(list(rows.due()), (std::vector<int32_t>{1, 2, 0, 3, 5}));
  rows.settle({}, 5);
  EXPECT_TRUE(rows.due().empty());
}

TEST(TouchedRows, SortsManyRowsStably) {
  for (const int32_t num_rows : {777, 20001}) {  // counted up to 255 and up to 1023 missed updates
    TouchedRows rows(num_rows, *available_kernels().front());
    constexpr int64_t kNow = 5000;
    std::vector<std::pair<int64_t, int32_t>> expected;  // what counts of the missed updates, and the row
    Random random(3);
    for (int32_t row = 0; row < num_rows; ++row) {
      const auto missed = static_cast<int64_t>(random.below(2) == 0 ? random.below(4) : random.below(2000));
      rows.set_updated(std::vector<int32_t>{row}, kNow - missed);
      if (missed > 0) expected.emplace_back(std::min<int64_t>(missed, num_rows == 777 ? 255 : 1023), row);
    }
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    rows.settle({}, kNow);
    ASSERT_EQ(rows.due().size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(rows.due()[i], expected[i].second) << i;
  }
}

TEST(Activations, SlopesAreTheDifferencesOfTheValues) {
  for (const Activation kind :
       {Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kGeluTanh, Activation::kSigmoid,
        Activation::kSilu, Activation::kLeakyRelu}) {
    for (const float x : {-2.5f, -0.4f, 0.3f, 1.9f}) {
      const float around[2] = {x - 0.01f, x + 0.01f};
      float y[2], slope = 1;
      activate(kind, 0.1f, around, y, 2);
      activate_backward(kind, 0.1f, &x, &slope, 1);
      EXPECT_NEAR(slope, (y[1] - y[0]) / (around[1] - around[0]), 2e-4) << static_cast<int>(kind) << " " << x;
    }
  }
}

TEST(EntryLoss, SlopesAreTheDifferencesOfTheLosses) {
  for (const LossMode mode : {LossMode::kBceWithLogits, LossMode::kSigmoidBce, LossMode::kSigmoidBceClipped,
                              LossMode::kFocalWithLogits}) {
    const EntryLoss loss{mode, 0.1, 2.0, 0.3};
    for (const float z : {-3.0f, -0.2f, 1.5f}) {
      for (const float y : {0.0f, 1.0f}) {
        const double difference = (loss(z + 0.01f, y, 1.7).loss - loss(z - 0.01f, y, 1.7).loss) / 0.02;
        EXPECT_NEAR(loss(z, y, 1.7).slope, difference, 3e-4)
            << static_cast<int>(mode) << " " << z << " " << y;
      }
    }
  }
}

TEST(EntryLoss, ProbabilityModesSaturateWhereTheirSigmoidRounds) {
  const EntryLoss bce{LossMode::kSigmoidBce}, clipped{LossMode::kSigmoidBceClipped}, logits{};
  EXPECT_EQ(bce(40, 0, 1).loss, 100);
  EXPECT_EQ(bce(40, 0, 1).slope, 0);
  EXPECT_NEAR(clipped(40, 0, 1).loss, -std::log(1 - static_cast<double>(1 - 1e-7f)), 0.3);
  EXPECT_EQ(clipped(40, 0, 1).slope, 0);
  EXPECT_EQ(logits(40, 0, 1).loss, 40);
  EXPECT_EQ(logits(40, 0, 1).slope, 1);
  for (const EntryLoss& loss : {bce, clipped, logits})
    EXPECT_TRUE(std::isnan(loss(std::nanf(""), 1, 1).loss));
}

}  // namespace
}  // namespace bernoulli::kernels

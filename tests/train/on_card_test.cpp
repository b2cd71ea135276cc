// The reference engine on a CUDA card, where there is one, beside the CPU.

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

#include <ATen/Context.h>

#include "support/card.h"
#include "train/fused_cases.h"

namespace bernoulli {
namespace {

class ReferenceOnCard : public TestOnCard<Case> {
 protected:
  static std::unique_ptr<Step> on_card(Bench& bench) {
    return std::make_unique<ReferenceStep>(bench.parts(), open_device("cuda"));
  }
  static void expect_near(const Step& cpu, const Step& card, double tolerance) {
    const NamedTensors a = cpu.evaluation_weights(), b = card.evaluation_weights();
    for (size_t i = 0; i < a.size(); ++i) {
      const double size = a[i].second.abs().max().item<double>();
      EXPECT_LT((a[i].second - b[i].second.to(at::kCPU)).abs().max().item<double>(),
                tolerance * (1e-3 + size))
          << a[i].first;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(ReferenceStep, ReferenceOnCard, ::testing::ValuesIn(cases()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(ReferenceOnCard, TrainsEvaluatesAndResumesLikeTheCpu) {
  Bench bench(GetParam());
  const auto cpu = bench.reference(), card = on_card(bench);
  const double expected = bench.train(*cpu, 0, 10), got = bench.train(*card, 0, 10);
  EXPECT_NEAR(got, expected, 1e-4 * std::abs(expected));
  expect_near(*cpu, *card, 1e-3);
  const std::vector<float> z = cpu->logits(bench.data.rows), y = card->logits(bench.data.rows);
  for (size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(z[i], y[i], 1e-3 * (1 + std::abs(z[i])));
  // From the card to the CPU and back.
  const auto resumed = bench.reference(), back = on_card(bench);
  resumed->load(card->evaluation_weights(), card->training_state());
  bench.train(*resumed, 10, 15);
  bench.train(*card, 10, 15);
  expect_near(*resumed, *card, 1e-3);
  back->load(resumed->evaluation_weights(), resumed->training_state());
  expect_near(*resumed, *back, 0x1p-100);
}

TEST_P(ReferenceOnCard, ComputesInLessWhereItIsAskedToAndEvaluatesInFloat32) {
  Bench bench(GetParam());
  const auto plain = on_card(bench);
  bench.config.training.precision = "bfloat16";
  const auto mixed = on_card(bench);
  bench.config.training.precision = "float32";
  bench.config.training.float32_matmul_precision = "high";
  const auto tf32 = on_card(bench);
  const double expected = bench.train(*plain, 0, 1);
  EXPECT_NEAR(bench.train(*mixed, 0, 1), expected, 0.02 * std::abs(expected));
  EXPECT_NEAR(bench.train(*tf32, 0, 1), expected, 0.02 * std::abs(expected));
  EXPECT_EQ(at::globalContext().float32MatmulPrecision(), at::Float32MatmulPrecision::HIGHEST);
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  for (const auto& step : {&mixed, &tf32}) {
    (*step)->load(plain->evaluation_weights(), plain->training_state());
    EXPECT_EQ((*step)->logits(bench.data.rows), plain->logits(bench.data.rows));
  }
}

/// What cuDNN computes, which takes TF32 unless it is told not to.
class SequencesOnCard : public ReferenceOnCard {};
std::vector<Case> sequence_cases() {
  const auto recurrent = [](const char* kind) {
    return layer(kind, {{"units", 16}, {"bidirectional", true}, {"output", "last"}});
  };
  const KindConfig conv = layer("conv1d", {{"channels", 16},
                                           {"kernel_size", 3},
                                           {"dilation", 1},
                                           {"bias", true},
                                           {"padding", "exclude"},
                                           {"initializer", nullptr},
                                           {"bias_initializer", nullptr}});
  return {{"conv1d", {embedding(16), conv, pool("mean_pool", "exclude"), linear(1)}},
          {"lstm", {embedding(16), recurrent("lstm"), linear(1)}},
          {"gru", {embedding(16), recurrent("gru"), linear(1)}}};
}
INSTANTIATE_TEST_SUITE_P(ReferenceStep, SequencesOnCard, ::testing::ValuesIn(sequence_cases()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(SequencesOnCard, AreComputedInFloat32) {
  Bench bench(GetParam());
  const auto cpu = bench.reference(), card = on_card(bench);
  bench.train(*cpu, 0, 10);
  card->load(cpu->evaluation_weights(), cpu->training_state());
  const std::vector<float> z = cpu->logits(bench.data.rows), y = card->logits(bench.data.rows);
  double largest = 0, distance = 0;
  for (size_t i = 0; i < z.size(); ++i) {
    largest = std::max(largest, std::abs(double{z[i]}));
    distance = std::max(distance, std::abs(double{z[i]} - double{y[i]}));
  }
  EXPECT_LT(distance, 1e-5 * largest) << "float32 has 24 bits, TF32 has 11";
}

}  // namespace
}  // namespace bernoulli

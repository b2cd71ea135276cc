// training.precision: bfloat16 in the reference engine: what is computed in it, what is not, and how near it
// is.

#include <cmath>

#include <gmock/gmock.h>

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include "support/message_of.h"
#include "train/fused_cases.h"
#include "train/make_step.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

Case hidden() {
  Case c;
  c.layers = {embedding(16), pool("mean_pool", "include"), linear(8), layer("relu"), linear(1)};
  c.optimizer = sgd();
  return c;
}

std::unique_ptr<Step> step_of(Bench& bench, const char* precision) {
  bench.config.training.precision = precision;
  return bench.reference();
}

const std::vector<int64_t> kExamples = {3, 5, 8, 13, 21, 34, 55, 89};

at::Tensor ids_of(const Bench& bench) {
  at::Tensor ids = at::zeros({static_cast<int64_t>(kExamples.size()), kLength}, at::kLong);
  for (size_t i = 0; i < kExamples.size(); ++i) {
    const std::vector<int32_t> row = row_of(bench.data, kExamples[i]);
    for (size_t p = 0; p < std::min<size_t>(row.size(), kLength); ++p)
      ids[static_cast<int64_t>(i)][static_cast<int64_t>(p)] = row[p];
  }
  return ids;
}

/// The model of hidden() written down again. @param dtype  of the linear layers; the rest is that of
/// `weights`.
struct ByHand {
  ByHand(const Bench& bench, const NamedTensors& weights, at::ScalarType dtype) {
    for (const auto& [name, tensor] : weights) w.push_back(tensor.detach().clone().requires_grad_());
    const at::Tensor x = w[0].index({ids_of(bench)}).mean(1);
    const auto cast = [&](const at::Tensor& tensor) { return tensor.to(dtype); };
    const at::Tensor h = at::linear(cast(x), cast(w[1]), cast(w[2])).relu();
    const at::Tensor logits = at::linear(h, cast(w[3]), cast(w[4])).to(w[0].scalar_type());
    at::Tensor targets = at::empty({logits.size(0), 1}, logits.options().requires_grad(false));
    for (size_t i = 0; i < kExamples.size(); ++i)
      targets[static_cast<int64_t>(i)][0] = bench.data.targets[static_cast<size_t>(kExamples[i])];
    const at::Tensor loss =
        at::binary_cross_entropy_with_logits(logits, targets, {}, {}, at::Reduction::None).sum();
    loss_sum = loss.item<double>();
    (loss / static_cast<double>(kExamples.size())).backward();
  }
  double loss_sum;
  std::vector<at::Tensor> w;  ///< with their gradients
};

NamedTensors copies(const NamedTensors& tensors, at::ScalarType dtype = at::kFloat) {
  NamedTensors out;
  for (const auto& [name, tensor] : tensors) out.emplace_back(name, tensor.detach().to(dtype, false, true));
  return out;
}

/// What an update with sgd at rate 1 took off the weights.
std::vector<at::Tensor> gradients_of(Step& step) {
  const NamedTensors before = copies(step.evaluation_weights());
  step.update(kExamples, 0, 1.0);
  const NamedTensors after = step.evaluation_weights();
  std::vector<at::Tensor> gradients;
  for (size_t i = 0; i < before.size(); ++i) gradients.push_back(before[i].second - after[i].second.detach());
  return gradients;
}

/// Largest difference, as a share of the largest gradient.
double distance(const std::vector<at::Tensor>& got, const std::vector<at::Tensor>& exact) {
  double largest = 0, size = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    largest = std::max(largest, (got[i].to(at::kDouble) - exact[i]).abs().max().item<double>());
    size = std::max(size, exact[i].abs().max().item<double>());
  }
  return largest / size;
}

TEST(MixedPrecision, LinearLayersMultiplyInBfloat16AndNothingElseDoes) {
  Bench bench(hidden());
  const auto mixed = step_of(bench, "bfloat16");
  const NamedTensors weights = copies(mixed->evaluation_weights());
  const ByHand expected(bench, weights, at::kBFloat16), in_float(bench, weights, at::kFloat);
  const StepResult result = mixed->update(kExamples, 0, 1.0);
  EXPECT_EQ(result.loss_sum, expected.loss_sum);
  EXPECT_NE(result.loss_sum, in_float.loss_sum);
  const NamedTensors after = mixed->evaluation_weights();
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_EQ(after[i].second.scalar_type(), at::kFloat) << after[i].first;
    const at::Tensor by_hand = weights[i].second - expected.w[i].grad();
    EXPECT_LT((after[i].second - by_hand).abs().max().item<double>(), 1e-7) << after[i].first;
  }
}

TEST(MixedPrecision, GradientsAreThoseOfFloat64WithinTheDigitsOfBfloat16) {
  Bench bench(hidden());
  const auto mixed = step_of(bench, "bfloat16"), plain = step_of(bench, "float32");
  const ByHand exact(bench, copies(plain->evaluation_weights(), at::kDouble), at::kDouble);
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& w : exact.w) gradients.push_back(w.grad());
  const double of_mixed = distance(gradients_of(*mixed), gradients),
               of_plain = distance(gradients_of(*plain), gradients);
  EXPECT_LT(of_mixed, 1.0 / 128);  // a rounding to 8 bits is off by 1/512 at most, and there are four of them
  EXPECT_GT(of_mixed, 1e-4) << "nothing was rounded to 8 bits";
  EXPECT_LT(of_plain, 1e-6);
}

/// Notes what the loss is asked in which state.
class Watching : public Loss {
 public:
  explicit Watching(const Loss& loss) : loss_(loss) {}
  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    logits_dtype = logits.scalar_type();
    autocast = at::autocast::is_autocast_enabled(at::kCPU);
    precision = at::globalContext().float32MatmulPrecision();
    at::Tensor losses = loss_.elementwise(logits, targets);
    losses_dtype = losses.scalar_type();
    return losses;
  }
  mutable at::ScalarType logits_dtype = at::kDouble, losses_dtype = at::kDouble;
  mutable bool autocast = true;
  mutable at::Float32MatmulPrecision precision = at::Float32MatmulPrecision::MEDIUM;

 private:
  const Loss& loss_;
};

TEST(MixedPrecision, TheLossIsFloat32OutsideOfAutocast) {
  Bench bench(hidden());
  bench.config.training.precision = "bfloat16";
  const Watching loss(*bench.loss);
  ReferenceStep step({bench.config, bench.plan, bench.data, loss, bench.pos_weight}, c10::Device(c10::kCPU));
  step.update(kExamples, 0, 0.1);
  EXPECT_EQ(loss.logits_dtype, at::kFloat);
  EXPECT_EQ(loss.losses_dtype, at::kFloat);
  EXPECT_FALSE(loss.autocast);
}

TEST(MixedPrecision, ForwardThatThrowsLeavesAutocastOff) {
  Bench bench(hidden());
  TokenRows rows;
  for (int64_t i = 0; i < bench.data.size(); ++i) {
    rows.ids.push_back(kNumIds);  // one past the table
    rows.end_row();
  }
  bench.data.rows = std::move(rows);
  const auto mixed = step_of(bench, "bfloat16");
  EXPECT_THAT(testing::message_of<std::exception>([&] { mixed->update(kExamples, 0, 0.1); }),
              HasSubstr("index out of range in self"));
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
  EXPECT_EQ(at::autocast::increment_nesting(), 1);
  at::autocast::decrement_nesting();
}

TEST(MixedPrecision, EvaluationIsFloat32) {
  Bench bench(hidden());
  const auto mixed = step_of(bench, "bfloat16"), plain = step_of(bench, "float32");
  bench.train(*mixed, 0, 5);
  plain->load(mixed->evaluation_weights(), mixed->training_state());
  EXPECT_EQ(mixed->logits(bench.data.rows), plain->logits(bench.data.rows));
}

TEST(MixedPrecision, GoesOnBitForBit) {
  Case c = hidden();
  c.layers.insert(c.layers.begin() + 1, dropout(0.25));
  c.optimizer = adam();
  c.accumulate = 2;
  Bench bench(c);
  const auto whole = step_of(bench, "bfloat16"), first = step_of(bench, "bfloat16"),
             second = step_of(bench, "bfloat16");
  bench.train(*whole, 0, 12);
  bench.train(*first, 0, 5);
  second->load(first->evaluation_weights(), first->training_state());
  bench.train(*second, 5, 12);
  expect_same_state(*whole, *second);
}

/// Of every layer, behind a linear one where it may stand there, so that it meets numbers of 16 bits.
TEST(MixedPrecision, EveryLayerRunsOnIt) {
  const KindConfig norm = layer("layer_norm", {{"eps", 1e-5}}),
                   batch = layer("batch_norm", {{"momentum", 0.1}, {"eps", 1e-5}}),
                   gelu = layer("gelu", {{"approximate", "none"}}),
                   gelu_tanh = layer("gelu", {{"approximate", "tanh"}}),
                   leaky = layer("leaky_relu", {{"negative_slope", 0.1}}),
                   spatial = layer("spatial_dropout", {{"rate", 0.0}}),
                   words = layer("word_dropout", {{"rate", 0.0}});
  std::vector<std::vector<KindConfig>> models;
  for (const char* kind : {"mean_pool", "sum_pool", "max_pool"}) {
    for (const char* padding : {"include", "exclude"})
      models.push_back({embedding(8), linear(8), pool(kind, padding), linear(1)});
  }
  models.push_back({embedding(8), linear(8), words, spatial, norm, pool("mean_pool", "exclude"), linear(8),
                    norm, linear(8), batch, linear(1)});
  models.push_back({embedding(8), pool("mean_pool", "exclude"), linear(8), gelu, linear(8), gelu_tanh,
                    linear(8), leaky, linear(8), layer("silu"), linear(8), layer("tanh"), linear(8),
                    layer("sigmoid"), linear(8), layer("relu"), dropout(0), linear(1)});
  for (const char* mode : {"mean", "sum", "max"}) models.push_back({bag(8, mode), linear(1)});
  for (const auto& layers : models) {
    SCOPED_TRACE(layers[0].kind + " " + layers[1].kind + " " + layers[2 % layers.size()].kind);
    Case c;
    c.layers = layers;
    c.optimizer = sgd();
    Bench bench(c);
    const auto mixed = step_of(bench, "bfloat16"), plain = step_of(bench, "float32");
    const StepResult got = mixed->update(kExamples, 0, 0.1), expected = plain->update(kExamples, 0, 0.1);
    EXPECT_NEAR(got.loss_sum, expected.loss_sum, 0.02 * expected.loss_sum);
    EXPECT_NEAR(got.gradient_norm, expected.gradient_norm, 0.1 * expected.gradient_norm);
  }
}

TEST(MixedPrecision, TheFusedEngineStepsAside) {
  Bench bench(Case{});
  bench.config.training.precision = "bfloat16";
  const auto choose = [&] { return make_step(bench.parts(), c10::Device(c10::kCPU)); };
  const EngineChoice choice = choose();
  EXPECT_EQ(choice.name, "reference");
  EXPECT_EQ(choice.reason, "the fused engine does not run training.precision: bfloat16");
}

/// LibTorch's setting reaches the matrix units of some processors: bits of a CPU run must not hang on it.
TEST(MatmulPrecisionOfTraining, StaysHighestOnTheCpu) {
  Bench bench(hidden());
  bench.config.training.float32_matmul_precision = "medium";
  const Watching loss(*bench.loss);
  ReferenceStep step({bench.config, bench.plan, bench.data, loss, bench.pos_weight}, c10::Device(c10::kCPU));
  step.update(kExamples, 0, 0.1);
  EXPECT_EQ(loss.precision, at::Float32MatmulPrecision::HIGHEST);
}

}  // namespace
}  // namespace bernoulli

// Each layer's TorchScript against a reference of a line or two, in float64.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/ones.h>
#include <torch/csrc/jit/api/module.h>

#include "model/generator.h"
#include "model/model_fixture.h"

namespace bernoulli {
namespace {

using testing::double_model;
using ::testing::DoubleNear;
using testing::doubles;
using ::testing::ElementsAre;
using testing::find;
using testing::longs;
using testing::numbers;
using ::testing::Pointwise;
using testing::set;

/// One layer of a model on its own.
class Layer {
 public:
  /// `layer` between an embedding (and, for a vector, a pool) and a linear layer; `width` features come in.
  Layer(const std::string& layer, int64_t width, bool vector)
      : model_(double_model("[{embedding: " + std::to_string(width) + "}, " + (vector ? "sum_pool, " : "") +
                                layer + (vector ? "" : tail(layer)) + ", {linear: 1}]",
                            {.sequence_length = 3})),
        name_(model_.plan().layers[vector ? 2 : 1].name) {}

  /// The second layer of a whole model.
  explicit Layer(const std::string& model)
      : model_(double_model(model, {.sequence_length = 3})), name_(model_.plan().layers[1].name) {}

  at::Tensor operator()(const at::Tensor& x, const std::vector<int64_t>& lengths = {}) {
    return model_.module().attr(name_).toModule().get_method("forward")({x, longs(lengths)}).toTensor();
  }
  void train(bool on) { model_.train(on); }
  at::Tensor tensor(const std::string& name) {
    NamedTensors all = model_.parameters();
    for (const auto& buffer : model_.buffers()) all.push_back(buffer);
    return find(all, name_ + "." + name);
  }

 private:
  static std::string tail(const std::string& layer) {
    return layer.find("_pool") == std::string::npos ? ", sum_pool" : "";
  }
  Sequential model_;
  std::string name_;
};

void expect_near(const at::Tensor& got, const std::vector<double>& expected) {
  EXPECT_THAT(numbers(got), Pointwise(DoubleNear(1e-12), expected));
}

TEST(Layers, ActivationsAreTheirFormulas) {
  const std::vector<double> points = {-20, -3, -1, -0.5, -1e-4, 0, 1e-4, 0.3, 1, 2.5, 20};
  const auto check = [&](const std::string& layer, const std::function<long double(long double)>& formula) {
    SCOPED_TRACE(layer);
    std::vector<double> expected;
    for (const double x : points) expected.push_back(static_cast<double>(formula(x)));
    for (const bool vector : {true, false})
      expect_near(
          Layer(layer, 1, vector)(vector ? doubles(points, {11, 1}) : doubles(points, {1, 11, 1}), {11}),
          expected);
  };
  const auto logistic = [](long double x) { return 1 / (1 + std::exp(-x)); };
  check("relu", [](long double x) { return x > 0 ? x : 0; });
  check("leaky_relu", [](long double x) { return x > 0 ? x : 0.01L * x; });
  check("{leaky_relu: 0.3}", [](long double x) { return x > 0 ? x : 0.3L * x; });
  check("tanh", [](long double x) { return std::tanh(x); });
  check("sigmoid", logistic);
  check("silu", [&](long double x) { return x * logistic(x); });
  check("gelu", [](long double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0L))); });
  check("{gelu: tanh}", [](long double x) {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0L)) * (x + 0.044715L * x * x * x)));
  });
}

/// Two texts, three positions, two features. The first has two tokens, the second none; position 3 is
/// padding.
at::Tensor two_texts() { return doubles({1, -5, 3, -7, 100, 200, 9, 9, 9, 9, 9, 9}, {2, 3, 2}); }

TEST(Layers, PoolsWithoutPaddingSeeRealTokensAndGiveZeroForAnEmptyText) {
  EXPECT_THAT(numbers(Layer("mean_pool", 2, false)(two_texts(), {2, 0})), ElementsAre(2, -6, 0, 0));
  EXPECT_THAT(numbers(Layer("sum_pool", 2, false)(two_texts(), {2, 0})), ElementsAre(4, -12, 0, 0));
  EXPECT_THAT(numbers(Layer("max_pool", 2, false)(two_texts(), {2, 0})), ElementsAre(3, -5, 0, 0));
}

TEST(Layers, PoolsWithPaddingSeeEveryPosition) {
  const auto pooled = [](const std::string& kind) {
    return numbers(Layer("{" + kind + ": {padding: include}}", 2, false)(two_texts(), {2, 0}));
  };
  EXPECT_THAT(pooled("mean_pool"), Pointwise(DoubleNear(1e-12), {104.0 / 3, 188.0 / 3, 9.0, 9.0}));
  EXPECT_THAT(pooled("sum_pool"), ElementsAre(104, 188, 27, 27));
  EXPECT_THAT(pooled("max_pool"), ElementsAre(100, 200, 9, 9));
}

TEST(Layers, LinearIsItsWeightedSum) {
  for (const bool vector : {true, false}) {
    Layer linear("{linear: 2}", 3, vector);
    set(linear.tensor("weight"), {1, 2, 3, -1, 0, 1});
    set(linear.tensor("bias"), {0.5, -0.5});
    const at::Tensor x =
        vector ? doubles({1, 1, 1, 2, 0, -1}, {2, 3}) : doubles({1, 1, 1, 2, 0, -1}, {1, 2, 3});
    expect_near(linear(x), {6.5, -0.5, -0.5, -3.5});
  }
  Layer bare("{linear: {units: 1, bias: false}}", 3, true);
  set(bare.tensor("weight"), {1, 2, 3});
  expect_near(bare(doubles({1, 10, 100}, {1, 3})), {321});
}

TEST(Layers, EmbeddingLooksUpRows) {
  Sequential model = double_model("[{embedding: 2}, sum_pool, {linear: 1}]", {.num_ids = 3});
  set(find(model.parameters(), "embedding_0.weight"), {0, 1, 10, 11, 20, 21});
  const at::Tensor rows = model.module()
                              .attr("embedding_0")
                              .toModule()
                              .get_method("forward")({longs({2, 0}).unsqueeze(0), longs({2})})
                              .toTensor();
  EXPECT_THAT(numbers(rows), ElementsAre(20, 21, 0, 1));
}

TEST(Layers, LayerNormCentresAndScalesEachRow) {
  for (const bool vector : {true, false}) {
    Layer norm("{layer_norm: 0.5}", 2, vector);
    set(norm.tensor("weight"), {2, 3});
    set(norm.tensor("bias"), {1, -1});
    const double scale = 1 / std::sqrt(4 + 0.5);  // rows (1, 5) and (-2, 2): variance 4
    expect_near(norm(vector ? doubles({1, 5, -2, 2}, {2, 2}) : doubles({1, 5, -2, 2}, {1, 2, 2})),
                {1 - 4 * scale, -1 + 6 * scale, 1 - 4 * scale, -1 + 6 * scale});
  }
}

TEST(Layers, BatchNormUsesTheBatchInTrainingAndItsRunningStatisticsAfter) {
  Layer norm("{batch_norm: {momentum: 0.25, eps: 0.5}}", 1, true);
  set(norm.tensor("weight"), {2});
  set(norm.tensor("bias"), {1});
  const at::Tensor x = doubles({1, 3, 5, 7}, {4, 1});  // mean 4, variance 5, unbiased 20/3
  norm.train(true);
  const double scale = 2 / std::sqrt(5.5);
  expect_near(norm(x), {1 - 3 * scale, 1 - scale, 1 + scale, 1 + 3 * scale});
  expect_near(norm.tensor("running_mean"), {0.25 * 4});
  expect_near(norm.tensor("running_var"), {0.75 + 0.25 * 20 / 3});
  norm.train(false);
  const double running = 2 / std::sqrt(0.75 + 5.0 / 3 + 0.5);
  expect_near(norm(x), {1, 1 + 2 * running, 1 + 4 * running, 1 + 6 * running});
  expect_near(norm.tensor("running_mean"), {1});
}

TEST(Layers, BatchNormOfASingleTextUsesRunningStatistics) {
  Layer norm("{batch_norm: {eps: 1.0}}", 1, true);
  norm.train(true);
  expect_near(norm(doubles({3}, {1, 1})), {3 / std::sqrt(2.0)});
  expect_near(norm.tensor("running_mean"), {0});
}

TEST(Layers, DropoutZeroesAShareAndKeepsTheMean) {
  Layer dropout("{dropout: 0.25}", 1, true);
  const at::Tensor x = at::ones({10000, 1}, at::kDouble);
  expect_near(dropout(x), std::vector<double>(10000, 1.0));
  dropout.train(true);
  seed_generator(c10::kCPU, 5);
  const std::vector<double> dropped = numbers(dropout(x));
  const auto zeros = std::count(dropped.begin(), dropped.end(), 0.0);
  EXPECT_NEAR(static_cast<double>(zeros), 2500, 5 * 43.3);  // five standard deviations
  for (const double value : dropped) EXPECT_TRUE(value == 0 || std::abs(value - 1 / 0.75) < 1e-12) << value;
  seed_generator(c10::kCPU, 5);
  EXPECT_EQ(numbers(dropout(x)), dropped) << "a function of the seed";
  seed_generator(c10::kCPU, 6);
  EXPECT_NE(numbers(dropout(x)), dropped);
}

TEST(Layers, SpatialDropoutDropsAFeatureOfAllTokensTogether) {
  Layer dropout("{spatial_dropout: 0.5}", 50, false);
  const at::Tensor x = at::ones({8, 3, 50}, at::kDouble);
  expect_near(dropout(x, std::vector<int64_t>(8, 3)), std::vector<double>(8 * 3 * 50, 1.0));
  dropout.train(true);
  seed_generator(c10::kCPU, 5);
  const std::vector<double> y = numbers(dropout(x, std::vector<int64_t>(8, 3)));
  int dropped = 0;
  for (size_t text = 0; text < 8; ++text) {
    for (size_t feature = 0; feature < 50; ++feature) {
      const double first = y[text * 150 + feature];
      EXPECT_TRUE(first == 0 || first == 2) << first;
      EXPECT_EQ(y[text * 150 + 50 + feature], first);
      EXPECT_EQ(y[text * 150 + 100 + feature], first);
      dropped += first == 0 ? 1 : 0;
    }
  }
  EXPECT_NEAR(dropped, 200, 50);  // five standard deviations of 400 coins
  EXPECT_NE(std::vector<double>(y.begin(), y.begin() + 50),
            std::vector<double>(y.begin() + 150, y.begin() + 200))
      << "each text has its own";
}

TEST(Layers, WordDropoutTakesWholeTokensOutOfTheMean) {
  Layer dropout("{word_dropout: 0.3}", 2, false);
  constexpr int64_t kTexts = 500, kPositions = 6;
  const at::Tensor x = at::ones({kTexts, kPositions, 2}, at::kDouble);
  const std::vector<int64_t> lengths(kTexts, 4);  // two pads
  expect_near(dropout(x, lengths), std::vector<double>(kTexts * kPositions * 2, 1.0));
  dropout.train(true);
  seed_generator(c10::kCPU, 5);
  const std::vector<double> y = numbers(dropout(x, lengths));
  int dropped = 0;
  for (size_t text = 0; text < kTexts; ++text) {
    const double* row = y.data() + text * kPositions * 2;
    int kept = 0;
    for (size_t token = 0; token < 4; ++token) kept += row[token * 2] != 0 ? 1 : 0;
    dropped += 4 - kept;
    for (size_t token = 0; token < 4; ++token) {
      EXPECT_EQ(row[token * 2], row[token * 2 + 1]) << "all features of a token together";
      EXPECT_NEAR(row[token * 2], row[token * 2] != 0 ? 4.0 / kept : 0, 1e-6) << "the mean is theirs alone";
    }
    for (size_t pad = 8; pad < 12; ++pad) EXPECT_EQ(row[pad], 1) << "padding stays";
  }
  EXPECT_NEAR(dropped, 600, 103);  // five standard deviations of 2000 coins
}

/// Sums over the window of each position of one text, of which `length` tokens count, by the formula alone.
std::vector<double> convolved(const std::vector<double>& x, int length, const std::vector<double>& weight,
                              int kernel_size, int dilation) {
  std::vector<double> y;
  const int before = dilation * (kernel_size - 1) / 2;
  for (int position = 0; position < static_cast<int>(x.size()); ++position) {
    double sum = 0;
    for (int k = 0; k < kernel_size; ++k) {
      const int at = position - before + k * dilation;
      if (at >= 0 && at < length) sum += weight[static_cast<size_t>(k)] * x[static_cast<size_t>(at)];
    }
    y.push_back(sum);
  }
  return y;
}

TEST(Layers, Conv1dSumsOverItsWindowAndSeesZerosBeyondTheText) {
  const std::vector<double> x = {1, 2, 4, 8, 16, 32};
  const std::vector<double> weights = {1, -3, 5, 0.5};
  for (const int kernel_size : {1, 2, 3, 4}) {
    for (const int dilation : {1, 2, 5}) {
      for (const bool include : {false, true}) {
        SCOPED_TRACE(std::to_string(kernel_size) + " " + std::to_string(dilation));
        Layer conv("{conv1d: {channels: 1, kernel_size: " + std::to_string(kernel_size) + ", dilation: " +
                       std::to_string(dilation) + (include ? ", padding: include" : "") + "}}",
                   1, false);
        const std::vector<double> weight(weights.begin(), weights.begin() + kernel_size);
        set(conv.tensor("weight"), weight);
        set(conv.tensor("bias"), {0.25});
        std::vector<double> expected = convolved(x, include ? 6 : 4, weight, kernel_size, dilation);
        for (double& value : expected) value += 0.25;
        expect_near(conv(doubles(x, {1, 6, 1}), {4}), expected);
      }
    }
  }
}

TEST(Layers, Conv1dMixesFeaturesChannelByChannel) {
  Layer conv("{conv1d: {channels: 2, kernel_size: 2, bias: false}}", 2, false);
  set(conv.tensor("weight"), {1, 10, 2, 20, -1, 0, 0, 3});  // [channel, feature, place in the window]
  expect_near(conv(doubles({1, 2, 3, 4}, {1, 2, 2}), {2}),
              {1 + 2 * 2 + 10 * 3 + 20 * 4, -1 + 3 * 4, 3 + 2 * 4, -3});
}

TEST(Layers, AttentionPoolWeighsRealTokensByTheirScores) {
  Layer pool("{attention_pool: 2}", 2, false);
  set(pool.tensor("weight"), {0.5, -1, 2, 0.25});
  set(pool.tensor("bias"), {0.1, -0.2});
  set(pool.tensor("query"), {1.5, -0.75});
  const std::vector<std::vector<double>> tokens = {{1, -5}, {3, -7}};
  std::vector<double> expected = {0, 0};
  double total = 0;
  for (const auto& token : tokens) {
    const double share = std::exp(1.5 * std::tanh(0.5 * token[0] - token[1] + 0.1) -
                                  0.75 * std::tanh(2 * token[0] + 0.25 * token[1] - 0.2));
    total += share;
    for (size_t i = 0; i < 2; ++i) expected[i] += share * token[i];
  }
  expect_near(pool(two_texts(), {2, 0}), {expected[0] / total, expected[1] / total, 0, 0});
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// What a recurrent layer of one unit and one feature does to a state {hidden, memory} at one token, by
/// PyTorch's documented formulas. Each vector has a number a gate, in torch's order.
struct UnitCell {
  std::vector<double> weight_ih, weight_hh, bias_ih, bias_hh;
  std::array<double, 2> operator()(double x, const std::array<double, 2>& state) const {
    const auto from_input = [&](size_t gate) { return weight_ih[gate] * x + bias_ih[gate]; };
    const auto from_state = [&](size_t gate) { return weight_hh[gate] * state[0] + bias_hh[gate]; };
    const auto both = [&](size_t gate) { return from_input(gate) + from_state(gate); };
    if (weight_ih.size() == 3) {  // gru: reset, update, new
      const double update = logistic(both(1));
      const double proposed = std::tanh(from_input(2) + logistic(both(0)) * from_state(2));
      return {(1 - update) * proposed + update * state[0], 0};
    }
    const double memory = logistic(both(1)) * state[1] + logistic(both(0)) * std::tanh(both(2));
    return {logistic(both(3)) * std::tanh(memory), memory};
  }
};

UnitCell set_cell(Layer& layer, size_t gates, const std::string& suffix, double shift) {
  const std::vector<double> numbers = {0.7, -1.1, 0.9,  0.4, -0.6, 1.3,   0.2, -0.8,
                                       0.5, 1.2,  -0.3, 0.1, 0.35, -0.45, 0.6, -0.7};
  UnitCell cell;
  size_t next = 0;
  for (const auto& [name, values] :
       {std::pair<std::string, std::vector<double>*>{"weight_ih", &cell.weight_ih},
        {"weight_hh", &cell.weight_hh},
        {"bias_ih", &cell.bias_ih},
        {"bias_hh", &cell.bias_hh}}) {
    for (size_t gate = 0; gate < gates; ++gate) values->push_back(numbers[next++] + shift);
    set(layer.tensor(name + suffix), *values);
  }
  return cell;
}

TEST(Layers, RecurrentLayersCarryTheirStateOverRealTokensOnly) {
  const std::vector<double> x = {0.5, -1, 2, 9, 9};  // three tokens, two pads
  for (const std::string kind : {"gru", "lstm"}) {
    for (const bool last : {false, true}) {
      SCOPED_TRACE(kind + (last ? " last" : " sequence"));
      const size_t gates = kind == "gru" ? 3 : 4;
      const std::string model = "[{embedding: 1}, {" + kind + ": {units: 1, bidirectional: true" +
                                (last ? ", output: last}}" : "}}, sum_pool") + ", {linear: 1}]";
      Layer layer(model);
      const UnitCell forth = set_cell(layer, gates, "", 0), back = set_cell(layer, gates, "_reverse", 0.15);
      std::vector<double> expected(10);
      std::array<double, 2> state{}, reverse_state{};
      for (size_t i = 0; i < 3; ++i) {
        state = forth(x[i], state);
        expected[2 * i] = state[0];
        reverse_state = back(x[2 - i], reverse_state);
        expected[2 * (2 - i) + 1] = reverse_state[0];
      }
      if (last) expected = {state[0], reverse_state[0]};
      expected.resize(2 * expected.size());  // and a text without tokens
      std::vector<double> both = x;
      both.insert(both.end(), 5, 9.0);
      expect_near(layer(doubles(both, {2, 5, 1}), {3, 0}), expected);
    }
  }
}

TEST(Layers, EmbeddingBagIsEmbeddingAndPoolInOne) {
  for (const std::string mode : {"mean", "sum", "max"}) {
    SCOPED_TRACE(mode);
    Sequential bag = double_model("[{embedding_bag: {dim: 4, mode: " + mode + "}}, {linear: 1}]");
    Sequential pool = double_model("[{embedding: 4}, " + mode + "_pool, {linear: 1}]");
    const NamedTensors from = bag.parameters(), to = pool.parameters();
    for (size_t i = 0; i < from.size(); ++i) to[i].second.detach().copy_(from[i].second);
    // Texts (3, 4, 3), (), (9), with id 0 as padding.
    const at::Tensor lengths = longs({3, 0, 1});
    const at::Tensor ragged = bag.forward({longs({3, 4, 3, 9}), lengths});
    const at::Tensor padded = pool.forward({longs({3, 4, 3, 0, 0, 0, 9, 0, 0}).reshape({3, 3}), lengths});
    expect_near(ragged, numbers(padded));
    expect_near(ragged[1], numbers(from[2].second));  // an empty text: the bias alone
  }
}

}  // namespace
}  // namespace bernoulli

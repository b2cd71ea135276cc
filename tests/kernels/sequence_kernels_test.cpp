#include "kernels/sequence_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/kernels.h"
#include "kernels/recurrent_layer.h"

namespace bernoulli::kernels {
namespace {

using ::testing::ElementsAre;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

float number(int64_t i) { return static_cast<float>(std::sin(static_cast<double>(i) * 1.7)); }

/// Every variant in turn.
class Sequences : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const SequenceKernels& kernels() const { return GetParam()->sequence; }
};

INSTANTIATE_TEST_SUITE_P(Variants, Sequences, ::testing::ValuesIn(available_kernels()),
                         [](const auto& variant) { return variant.param->name; });

struct Sizes {
  int64_t rows, columns, depth;
};

TEST_P(Sequences, MultiplyMatricesOfAnySize) {
  for (const Sizes s : {Sizes{1, 1, 1}, {12, 32, 8}, {13, 33, 300}, {97, 16, 5}, {25, 48, 257}, {3, 80, 1}}) {
    SCOPED_TRACE(::testing::Message() << s.rows << " x " << s.columns << " x " << s.depth);
    const int64_t a_step = s.depth + 3, c_step = padded(s.columns) + 16;
    std::vector<float> a(static_cast<size_t>(s.rows * a_step)), b(static_cast<size_t>(s.depth * s.columns));
    for (size_t i = 0; i < a.size(); ++i) a[i] = number(static_cast<int64_t>(i));
    for (size_t i = 0; i < b.size(); ++i) b[i] = number(static_cast<int64_t>(i) + 5);
    std::vector<float> packed(static_cast<size_t>(s.depth * in_panels(s.columns)));
    pack_panels(b.data(), s.depth, s.columns, s.columns, 1, packed.data());
    std::vector<float> transposed(static_cast<size_t>(s.depth * s.rows));
    for (int64_t row = 0; row < s.rows; ++row) {
      for (int64_t k = 0; k < s.depth; ++k)
        transposed[static_cast<size_t>(k * s.rows + row)] = a[static_cast<size_t>(row * a_step + k)];
    }
    std::vector<float> c(static_cast<size_t>(s.rows * c_step), 2), of_transposed = c;
    kernels().multiply_add(
        {s.rows, s.columns, s.depth, a.data(), a_step, 1, packed.data(), c.data(), c_step});
    kernels().multiply_add({s.rows, s.columns, s.depth, transposed.data(), 1, s.rows, packed.data(),
                            of_transposed.data(), c_step});
    EXPECT_EQ(c, of_transposed);
    for (int64_t row = 0; row < s.rows; ++row) {
      for (int64_t column = 0; column < c_step; ++column) {
        double expected = 2;  // what stood there
        for (int64_t k = 0; k < (column < s.columns ? s.depth : 0); ++k) {
          expected += static_cast<double>(a[static_cast<size_t>(row * a_step + k)]) *
                      b[static_cast<size_t>(k * s.columns + column)];
        }
        ASSERT_NEAR(c[static_cast<size_t>(row * c_step + column)], expected, 2e-5) << row << " " << column;
      }
    }
    // A row alone gives the bits that it gives among others.
    std::vector<float> alone(static_cast<size_t>(c_step), 2);
    kernels().multiply_add({1, s.columns, s.depth, a.data() + (s.rows - 1) * a_step, a_step, 1, packed.data(),
                            alone.data(), c_step});
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), c.end() - c_step));
  }
}

TEST_P(Sequences, AddRowsOfMoreThanABlock) {
  constexpr int64_t kRows = 700, kWidth = 32;
  std::vector<float> x(static_cast<size_t>(kRows * kWidth));
  for (size_t i = 0; i < x.size(); ++i) x[i] = number(static_cast<int64_t>(i));
  std::vector<float> sums(kWidth, 1);
  kernels().add_rows(x.data(), kRows, kWidth, kWidth, sums.data());
  for (int64_t column = 0; column < kWidth; ++column) {
    double expected = 1;
    for (int64_t row = 0; row < kRows; ++row) expected += x[static_cast<size_t>(row * kWidth + column)];
    EXPECT_NEAR(sums[static_cast<size_t>(column)], expected, 1e-4) << column;
  }
}

TEST_P(Sequences, AddScaledTouchesNothingBehindTheEnd) {
  std::vector<float> x(40, 2), to(40, 1);
  kernels().add_scaled(x.data(), 37, 0.5f, to.data());
  EXPECT_EQ(std::accumulate(to.begin(), to.end(), 0.0f), 37 * 2.0f + 3);
  EXPECT_EQ(to[37], 1);
}

TEST_P(Sequences, TheHighestIsTheFirstOfEqualsAndWhatIsNoNumber) {
  constexpr int64_t kWidth = 16;
  std::vector<float> x(4 * kWidth, -1);
  x[1 * kWidth + 0] = x[3 * kWidth + 0] = 5;
  x[2 * kWidth + 1] = kNan;
  x[3 * kWidth + 1] = 7;
  x[3 * kWidth + 2] = std::numeric_limits<float>::infinity();
  std::vector<float> highest(kWidth, -std::numeric_limits<float>::infinity());
  std::vector<int32_t> row(kWidth);
  kernels().raise_highest(x.data(), 2, kWidth, 100, highest.data(), row.data());
  kernels().raise_highest(x.data() + 2 * kWidth, 2, kWidth, 102, highest.data(), row.data());
  EXPECT_EQ(highest[0], 5);
  EXPECT_TRUE(std::isnan(highest[1]));
  EXPECT_EQ(highest[2], std::numeric_limits<float>::infinity());
  EXPECT_EQ(highest[3], -1);
  EXPECT_THAT(std::vector<int32_t>(row.begin(), row.begin() + 4), ElementsAre(101, 102, 103, 100));
}

/// The gates' functions, seen through one lstm step of as many rows as there are inputs: the input gate is
/// sigmoid(x), the cell gate tanh(x).
TEST_P(Sequences, GatesKeepTheDigitsOfSigmoidAndTanh) {
  std::vector<float> inputs;
  for (int64_t i = -4000; i <= 4000; ++i) inputs.push_back(static_cast<float>(i) / 40);
  for (int exponent = -40; exponent < 0; ++exponent) inputs.push_back(std::ldexp(1.3f, exponent));
  const std::vector<float> zeros(kLanes);
  double worst_sigmoid = 0, worst_tanh = 0;
  for (const float x : inputs) {
    std::vector<float> gates(4 * kLanes, x), memory(kLanes), state(kLanes);
    kernels().lstm_forward({1, kLanes, 4 * kLanes, 0, zeros.data(), zeros.data()}, gates.data(),
                           memory.data(), state.data());
    const long double sigmoid = 1 / (1 + std::exp(-static_cast<long double>(x))),
                      tanh = std::tanh(static_cast<long double>(x));
    const auto error = [](float found, long double exact) {
      return static_cast<double>(std::abs((found - exact) / std::max<long double>(std::abs(exact), 1e-30L)));
    };
    worst_sigmoid = std::max(worst_sigmoid, error(gates[5], sigmoid));
    worst_tanh = std::max(worst_tanh, error(gates[2 * kLanes + 5], tanh));
    EXPECT_NEAR(memory[5], static_cast<double>(sigmoid * tanh), 3e-7);
    EXPECT_NEAR(state[5], static_cast<double>(sigmoid * std::tanh(sigmoid * tanh)), 4e-7);
  }
  EXPECT_LT(worst_sigmoid, 5e-7);
  EXPECT_LT(worst_tanh, 5e-7);
}

TEST_P(Sequences, GatesOfWhatIsNoNumberAreNone) {
  const std::vector<float> zeros(kLanes);
  std::vector<float> gates(4 * kLanes, kNan), memory(kLanes), state(kLanes);
  kernels().lstm_forward({1, kLanes, 4 * kLanes, 0, zeros.data(), zeros.data()}, gates.data(), memory.data(),
                         state.data());
  EXPECT_TRUE(std::isnan(state[3]) && std::isnan(memory[3]) && std::isnan(gates[3]));
  gates.assign(4 * kLanes, kNan);
  kernels().gru_forward({1, kLanes, 4 * kLanes, 0, zeros.data(), zeros.data()}, gates.data(), state.data());
  EXPECT_TRUE(std::isnan(state[7]));
}

TEST(TokenOrder, PutsTheLongestTextFirst) {
  const std::vector<int64_t> lengths = {2, 0, 4, 2};
  const TokenOrder order(lengths);
  EXPECT_EQ(order.num_tokens(), 8);
  ASSERT_EQ(order.num_steps(), 4);
  EXPECT_THAT(
      (std::vector<int64_t>{order.num_texts(0), order.num_texts(1), order.num_texts(2), order.num_texts(3)}),
      ElementsAre(3, 3, 1, 1));
  EXPECT_THAT((std::vector<int64_t>{order.text(0), order.text(1), order.text(2)}), ElementsAre(2, 0, 3));
}

TEST(TokenOrder, DealsAboutAsManyTokensToEachPart) {
  EXPECT_THAT(TokenOrder(std::vector<int64_t>{1, 1, 6, 4}).cut(2), ElementsAre(0, 1, 4));
  EXPECT_THAT(TokenOrder(std::vector<int64_t>{3, 3, 3}).cut(3), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(TokenOrder(std::vector<int64_t>{5}).cut(3), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(TokenOrder(std::vector<int64_t>{0, 0}).cut(2), ElementsAre(0, 0, 0));
  EXPECT_EQ(TokenOrder(std::vector<int64_t>{}).num_tokens(), 0);
}

}  // namespace
}  // namespace bernoulli::kernels

#include "model/initial_weights.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "model/model_fixture.h"

namespace bernoulli {
namespace {

at::Tensor orthogonal(const std::vector<int64_t>& shape, uint64_t seed = 1) {
  at::Tensor weight = at::zeros(shape, at::kFloat);
  const layers::Initializer initializer{layers::Initializer::Kind::kOrthogonal, 0, 0};
  set_initial_weights({"weight", shape, initializer}, seed, 0, weight);
  return weight;
}

TEST(InitialWeights, OrthogonalRowsOrColumnsHaveLengthOneAndRightAngles) {
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {1, 1}, {3, 3}, {3, 50}, {50, 3}, {192, 64}, {4, 3, 5}, {40, 3, 5}}) {
    SCOPED_TRACE(::testing::PrintToString(shape));
    const at::Tensor matrix = orthogonal(shape).view({shape[0], -1}).to(at::kDouble);
    const at::Tensor square = matrix.size(0) < matrix.size(1) ? matrix.mm(matrix.t()) : matrix.t().mm(matrix);
    EXPECT_TRUE(at::allclose(square, at::eye(square.size(0), at::kDouble), /*rtol=*/0, /*atol=*/1e-6));
  }
}

TEST(InitialWeights, SomeRowsMayBeGivenOfAnyNumberOfDimensions) {
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{{3}, {3, 2}, {3, 2, 4}}) {
    SCOPED_TRACE(::testing::PrintToString(shape));
    layers::ParameterSpec spec{"weight", shape, {layers::Initializer::Kind::kUniform, 1, 2}};
    const at::Tensor drawn = at::zeros(shape, at::kFloat), mixed = at::zeros(shape, at::kFloat);
    set_initial_weights(spec, 1, 0, drawn);
    const int64_t columns = drawn.numel() / 3;
    std::vector<float> values(static_cast<size_t>(2 * columns), 7);
    std::fill_n(values.begin(), columns, 5);
    spec.given = std::make_shared<const layers::GivenNumbers>(
        layers::GivenNumbers{columns, {2, 0}, std::move(values)});
    set_initial_weights(spec, 1, 0, mixed);
    EXPECT_TRUE(at::equal(mixed[2], at::zeros_like(mixed[2]).fill_(5)));
    EXPECT_TRUE(at::equal(mixed[1], drawn[1]));
    EXPECT_TRUE(at::equal(mixed[0], at::zeros_like(mixed[0]).fill_(7)));
  }
}

TEST(InitialWeights, OrthogonalOnesAreAFunctionOfTheSeed) {
  EXPECT_TRUE(at::equal(orthogonal({20, 8}, 3), orthogonal({20, 8}, 3)));
  EXPECT_FALSE(at::equal(orthogonal({20, 8}, 3), orthogonal({20, 8}, 4)));
}

/// An orthogonal matrix is uniform where its numbers have mean 0, variance 1 / size, and no sign is
/// preferred.
TEST(InitialWeights, OrthogonalOnesPreferNoDirection) {
  at::Tensor sum = at::zeros({4, 4}, at::kDouble), sum_of_squares = at::zeros({4, 4}, at::kDouble);
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const at::Tensor matrix = orthogonal({4, 4}, static_cast<uint64_t>(i)).to(at::kDouble);
    sum.add_(matrix);
    sum_of_squares.add_(matrix.square());
  }
  for (const double mean : testing::numbers(sum.div(kDraws)))
    EXPECT_NEAR(mean, 0, 5 * 0.5 / std::sqrt(kDraws));
  for (const double mean : testing::numbers(sum_of_squares.div(kDraws))) EXPECT_NEAR(mean, 0.25, 0.02);
}

}  // namespace
}  // namespace bernoulli

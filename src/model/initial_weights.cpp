#include "model/initial_weights.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>

#include "core/error.h"
#include "core/random.h"
#include "core/stop.h"

namespace bernoulli {
namespace {

using layers::Initializer;

/// Of two vectors of `size`, always in the same order of additions.
double dot(const double* a, const double* b, int64_t size) {
  std::array<double, 8> sums{};
  int64_t i = 0;
  for (; i + 8 <= size; i += 8) {
    for (size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < size; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// Makes the rows of a matrix orthonormal by Gram and Schmidt. Each is cleared of those before it twice, as
/// once leaves rounding behind.
void make_orthonormal(double* rows, int64_t count, int64_t size) {
  for (int64_t i = 0; i < count; ++i) {
    throw_if_stopped();
    double* const row = rows + i * size;
    for (int64_t before = 0; before < 2 * i; ++before) {
      const double* const other = rows + before % i * size;
      const double share = dot(row, other, size);
      for (int64_t k = 0; k < size; ++k) row[k] -= share * other[k];
    }
    const double length = std::sqrt(dot(row, row, size));
    for (int64_t k = 0; k < size; ++k) row[k] /= length;
  }
}

void draw_orthogonal(const at::Generator& generator, const at::Tensor& out) {
  const at::Tensor matrix = out.view({out.size(0), -1});
  const int64_t count = std::min(matrix.size(0), matrix.size(1)),
                size = std::max(matrix.size(0), matrix.size(1));
  const at::Tensor vectors = at::empty({count, size}, at::kDouble).normal_(0, 1, generator);
  make_orthonormal(vectors.mutable_data_ptr<double>(), count, size);
  matrix.copy_(matrix.size(0) == count ? vectors : vectors.t());
}

void draw(const Initializer& init, uint64_t seed, const at::Tensor& out) {
  switch (init.kind) {
    case Initializer::Kind::kZeros:
      out.zero_();
      return;
    case Initializer::Kind::kOnes:
      out.fill_(1);
      return;
    case Initializer::Kind::kConstant:
      out.fill_(init.a);
      return;
    case Initializer::Kind::kUniform:
      out.uniform_(init.a, init.b, at::make_generator<at::CPUGeneratorImpl>(seed));
      return;
    case Initializer::Kind::kNormal:
      out.normal_(init.a, init.b, at::make_generator<at::CPUGeneratorImpl>(seed));
      return;
    case Initializer::Kind::kOrthogonal:
      draw_orthogonal(at::make_generator<at::CPUGeneratorImpl>(seed), out);
      return;
  }
  throw InternalError("unknown initializer");
}

}  // namespace

void set_initial_weights(const layers::ParameterSpec& spec, uint64_t seed, uint64_t index,
                         const at::Tensor& out) {
  const layers::GivenNumbers* given = spec.given.get();
  if (given == nullptr || given->columns < spec.shape.back() || !given->rows.empty())
    draw(spec.initializer, mix_seed(seed, random_stream::kInitialWeights, index), out);
  if (given == nullptr) return;
  // A bias without rows is one row.
  const int64_t row_size = given->rows.empty() ? spec.shape.back() : out.numel() / out.size(0);
  const auto columns = static_cast<size_t>(given->columns), stride = static_cast<size_t>(row_size);
  float* const numbers = out.mutable_data_ptr<float>();
  for (size_t i = 0; i < given->values.size() / columns; ++i) {
    const size_t row = given->rows.empty() ? i : static_cast<size_t>(given->rows[i]);
    std::copy_n(given->values.data() + i * columns, columns, numbers + row * stride);
  }
}

}  // namespace bernoulli

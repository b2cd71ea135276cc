#include "model/initial_weights.h"

#include <algorithm>

#include <ATen/CPUGeneratorImpl.h>

#include "core/error.h"
#include "core/random.h"

namespace bernoulli {
namespace {

using layers::Initializer;

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
  }
  throw InternalError("unknown initializer");
}

}  // namespace

void set_initial_weights(const layers::ParameterSpec& spec, uint64_t seed, uint64_t index,
                         const at::Tensor& out) {
  const layers::GivenColumns* given = spec.given.get();
  if (given == nullptr || given->columns < spec.shape.back())
    draw(spec.initializer, mix_seed(seed, random_stream::kInitialWeights, index), out);
  if (given == nullptr) return;
  const auto columns = static_cast<size_t>(given->columns), stride = static_cast<size_t>(spec.shape.back());
  float* row = out.mutable_data_ptr<float>();
  for (size_t at = 0; at < given->values.size(); at += columns, row += stride)
    std::copy_n(given->values.data() + at, columns, row);
}

}  // namespace bernoulli

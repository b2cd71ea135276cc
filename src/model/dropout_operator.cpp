#include <algorithm>
#include <mutex>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/divide_up.h"
#include "core/random.h"
#include "model/in_parts.h"
#include "model/operators.h"

namespace bernoulli {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// From LibTorch's generator, which the trainer seeds for each batch.
int64_t draw_seed() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return static_cast<int64_t>(at::check_generator<at::CPUGeneratorImpl>(generator)->random64());
}

/// x with some numbers 0 and the others scaled; which ones is a function of seed and place.
at::Tensor dropped(const at::Tensor& x, int64_t keep, int64_t seed) {
  constexpr int64_t kBlock = 4096;  // numbers of one pair of keys: a part of that many stays in the cache
  const auto& kernel = *kernels::available_kernels().front();
  const float scale = 65536.0f / static_cast<float>(keep);
  const at::Tensor from = x.contiguous(), out = at::empty_like(from);
  const float* numbers = from.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  in_parts(divide_up(x.numel(), kBlock), 8, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const uint64_t keys =
          mix_seed(static_cast<uint64_t>(seed), random_stream::kDropout, static_cast<uint64_t>(block));
      const kernels::DropoutDraws draws{static_cast<uint32_t>(keys), static_cast<uint32_t>(keys >> 32),
                                        static_cast<uint32_t>(keep)};
      const int64_t begin = block * kBlock, count = std::min(kBlock, x.numel() - begin);
      if (count % kernels::kLanes == 0) {
        std::copy_n(numbers + begin, count, to + begin);
        kernel.dropout(draws, scale, to + begin, count);
      } else {
        float rest[kBlock] = {};
        std::copy_n(numbers + begin, count, rest);
        kernel.dropout(draws, scale, rest, kernels::padded(count));
        std::copy_n(rest, count, to + begin);
      }
    }
  });
  return out;
}

struct Dropout : torch::autograd::Function<Dropout> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, int64_t keep) {
    const int64_t seed = draw_seed();
    context->saved_data["keep"] = keep;
    context->saved_data["seed"] = seed;
    return dropped(x, keep, seed);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {dropped(gradients[0], context->saved_data["keep"].toInt(), context->saved_data["seed"].toInt()),
            {}};
  }
};

}  // namespace

at::Tensor dropout(const at::Tensor& x, int64_t keep) {
  return Dropout::apply(x.to(at::kFloat), keep).to(x.scalar_type());
}

}  // namespace bernoulli

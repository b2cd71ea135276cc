// Autocast and the precision of float32 products: what they do, and that they leave nothing behind.

#include <stdexcept>

#include <gtest/gtest.h>

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>

#include "tensor/autocast.h"
#include "tensor/matmul_precision.h"

namespace bernoulli {
namespace {

bool enabled() { return at::autocast::is_autocast_enabled(at::kCPU); }
at::ScalarType dtype() { return at::autocast::get_autocast_dtype(at::kCPU); }
at::ScalarType product_dtype() { return at::linear(at::ones({2, 3}), at::ones({4, 3})).scalar_type(); }

TEST(Autocast, MultipliesInItsDtypeAsLongAsItLives) {
  EXPECT_EQ(product_dtype(), at::kFloat);
  {
    const Autocast region(at::kCPU, at::kBFloat16);
    EXPECT_EQ(product_dtype(), at::kBFloat16);
    {
      const Autocast off(at::kCPU, std::nullopt);
      EXPECT_EQ(product_dtype(), at::kFloat);
      const Autocast half(at::kCPU, at::kHalf);
      EXPECT_EQ(product_dtype(), at::kHalf);
    }
    EXPECT_EQ(product_dtype(), at::kBFloat16);
  }
  EXPECT_EQ(product_dtype(), at::kFloat);
}

TEST(Autocast, BringsBackWhateverThereWas) {
  const at::ScalarType before = dtype();
  at::autocast::set_autocast_enabled(at::kCPU, true);
  at::autocast::set_autocast_dtype(at::kCPU, at::kHalf);
  { const Autocast region(at::kCPU, at::kBFloat16); }
  EXPECT_TRUE(enabled());
  EXPECT_EQ(dtype(), at::kHalf);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::set_autocast_dtype(at::kCPU, before);
}

TEST(Autocast, EndsWithAnException) {
  const at::ScalarType before = dtype();
  EXPECT_THROW(
      {
        const Autocast region(at::kCPU, at::kHalf);
        throw std::runtime_error("");
      },
      std::runtime_error);
  EXPECT_FALSE(enabled());
  EXPECT_EQ(dtype(), before);
  EXPECT_EQ(at::autocast::increment_nesting(), 1) << "the region is still counted";
  at::autocast::decrement_nesting();
}

/// A copy that was kept would be of the weight before the update.
TEST(Autocast, ForgetsItsCopiesOfWeights) {
  const at::Tensor weight = at::ones({4, 3}).requires_grad_(), x = at::ones({2, 3});
  const auto product = [&] {
    const Autocast region(at::kCPU, at::kBFloat16);
    return at::linear(x, weight).detach();
  };
  EXPECT_TRUE(at::equal(product(), at::ones({2, 4}).mul(3).to(at::kBFloat16)));
  {
    const at::NoGradGuard no_grad;
    weight.mul_(2);
  }
  EXPECT_TRUE(at::equal(product(), at::ones({2, 4}).mul(6).to(at::kBFloat16)));
}

TEST(MatmulPrecision, IsSetAndBroughtBack) {
  const auto now = [] { return at::globalContext().float32MatmulPrecision(); };
  ASSERT_EQ(now(), at::Float32MatmulPrecision::HIGHEST);
  EXPECT_THROW(
      {
        const MatmulPrecision high("high");
        EXPECT_EQ(now(), at::Float32MatmulPrecision::HIGH);
        EXPECT_TRUE(at::globalContext().allowTF32CuBLAS());
        {
          const MatmulPrecision medium("medium");
          EXPECT_EQ(now(), at::Float32MatmulPrecision::MEDIUM);
        }
        EXPECT_EQ(now(), at::Float32MatmulPrecision::HIGH);
        throw std::runtime_error("");
      },
      std::runtime_error);
  EXPECT_EQ(now(), at::Float32MatmulPrecision::HIGHEST);
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
}

TEST(MatmulPrecision, ReachesConvolutionsAndRecurrentLayers) {
  const auto in_tf32 = [] {
    EXPECT_EQ(at::globalContext().allowTF32CuDNN(at::Float32Op::CONV),
              at::globalContext().allowTF32CuDNN(at::Float32Op::RNN));
    return at::globalContext().allowTF32CuDNN(at::Float32Op::CONV);
  };
  const bool before = in_tf32();
  {
    const MatmulPrecision high("high");
    EXPECT_TRUE(in_tf32());
    {
      const MatmulPrecision highest("highest");
      EXPECT_FALSE(in_tf32());
    }
    EXPECT_TRUE(in_tf32());
  }
  EXPECT_EQ(in_tf32(), before);
}

}  // namespace
}  // namespace bernoulli

#include "stability/number_line.h"

#include <bit>
#include <cmath>

#include <gtest/gtest.h>

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "core/error.h"
#include "support/message_of.h"

namespace bernoulli::stability {
namespace {

constexpr at::ScalarType kFormats[] = {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf};

TEST(NumberFormat, IsFoundByItsDtypeAndItsName) {
  for (const at::ScalarType dtype : kFormats)
    EXPECT_EQ(number_format_named(number_format(dtype).name).dtype, dtype);
  EXPECT_EQ(number_format_named("float16").dtype, at::kHalf);
  EXPECT_THROW(number_format(at::kLong), InternalError);
  EXPECT_THROW(number_format_named("float8"), InternalError);
}

TEST(Spacing, OfEachFormat) {
  EXPECT_EQ(spacing(at::kFloat, 1.5L), std::ldexp(1.0L, -23));
  EXPECT_EQ(spacing(at::kDouble, -2), std::ldexp(1.0L, -51));
  EXPECT_EQ(spacing(at::kBFloat16, 6.25L), std::ldexp(1.0L, -5));
  EXPECT_EQ(spacing(at::kHalf, 16.5L), std::ldexp(1.0L, -6));
  EXPECT_EQ(spacing(at::kHalf, 0), std::ldexp(1.0L, -24));
  EXPECT_EQ(spacing(at::kFloat, 1e-300L), std::ldexp(1.0L, -149));
  EXPECT_EQ(testing::message_of<InternalError>([] { spacing(at::kLong, 1); }),
            "stability: losses are measured in float64, float32, bfloat16 and float16");
}

TEST(NumberLine, NeighboursAndTheirOrder) {
  for (const at::ScalarType dtype : kFormats) {
    EXPECT_EQ(number_at(dtype, index_at_least(dtype, 1)), 1.0);
    EXPECT_GT(number_at(dtype, index_at_least(dtype, 16.1L)), 16.0999);
    EXPECT_LT(number_at(dtype, index_at_least(dtype, 16.1L) - 1), 16.1);
  }
  EXPECT_EQ(number_at(at::kBFloat16, index_at_least(at::kBFloat16, 1.001L)), 1.0078125);
  EXPECT_EQ(numbers_an_octave(at::kHalf), 1024u);
  EXPECT_EQ(numbers_an_octave(at::kFloat), 1u << 23);
}

/// IEEE 754 and bfloat16 order their positive numbers as their bit patterns.
TEST(NumberLine, AnIndexIsTheBitPattern) {
  for (uint64_t index = 1; index < 0x7C00; ++index) {  // the finite numbers of float16
    const auto bits = static_cast<uint16_t>(index);
    const double half = float{c10::Half(bits, c10::Half::from_bits())};
    const double brain = float{c10::BFloat16(bits, c10::BFloat16::from_bits())};
    EXPECT_EQ(number_at(at::kHalf, index), half);
    EXPECT_EQ(index_at_least(at::kHalf, half), index);
    EXPECT_EQ(number_at(at::kBFloat16, index), brain);
    EXPECT_EQ(index_at_least(at::kBFloat16, brain), index);
    const uint64_t wide = index << 16 | 0xBEEF;
    const double single = std::bit_cast<float>(static_cast<uint32_t>(wide));
    EXPECT_EQ(number_at(at::kFloat, wide), single);
    EXPECT_EQ(index_at_least(at::kFloat, single), wide);
    EXPECT_EQ(number_at(at::kDouble, wide << 32), std::bit_cast<double>(wide << 32));
    EXPECT_EQ(index_at_least(at::kDouble, std::bit_cast<double>(wide << 32)), wide << 32);
  }
}

}  // namespace
}  // namespace bernoulli::stability

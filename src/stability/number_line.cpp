#include "stability/number_line.h"

#include <bit>

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "core/error.h"

namespace bernoulli::stability {
namespace {

/// IEEE 754 and bfloat16 order their positive numbers as their bit patterns.
uint64_t bits_near(at::ScalarType dtype, long double value) {
  switch (dtype) {
    case at::kDouble:
      return std::bit_cast<uint64_t>(static_cast<double>(value));
    case at::kFloat:
      return std::bit_cast<uint32_t>(static_cast<float>(value));
    case at::kBFloat16:
      return c10::BFloat16(static_cast<float>(value)).x;
    case at::kHalf:
      return c10::Half(static_cast<float>(value)).x;
    default:
      throw InternalError("stability: no number line of this dtype");
  }
}

}  // namespace

double number_at(at::ScalarType dtype, uint64_t index) {
  switch (dtype) {
    case at::kDouble:
      return std::bit_cast<double>(index);
    case at::kFloat:
      return std::bit_cast<float>(static_cast<uint32_t>(index));
    case at::kBFloat16:
      return float{c10::BFloat16(static_cast<uint16_t>(index), c10::BFloat16::from_bits())};
    case at::kHalf:
      return float{c10::Half(static_cast<uint16_t>(index), c10::Half::from_bits())};
    default:
      throw InternalError("stability: no number line of this dtype");
  }
}

uint64_t index_at_least(at::ScalarType dtype, long double value) {
  uint64_t index = bits_near(dtype, value);
  while (index > 0 && number_at(dtype, index - 1) >= value) --index;
  while (number_at(dtype, index) < value) ++index;
  return index;
}

uint64_t numbers_an_octave(at::ScalarType dtype) { return bits_near(dtype, 2) - bits_near(dtype, 1); }

}  // namespace bernoulli::stability

#pragma once

#include <cstdint>
#include <string_view>

#include <c10/core/ScalarType.h>

namespace bernoulli::stability {

/// A format that losses are measured in.
struct NumberFormat {
  at::ScalarType dtype;
  std::string_view name;
  int digits;             ///< of the significand, with the leading one
  int smallest_exponent;  ///< 2^smallest_exponent is the smallest normal number
  int largest_exponent;   ///< all numbers are below 2^largest_exponent
};

/// @throws InternalError unless float64, float32, bfloat16 or float16, as all functions here.
const NumberFormat& number_format(at::ScalarType dtype);
const NumberFormat& number_format_named(std::string_view name);

/// The distance between neighbouring numbers of `dtype` at |value|; the smallest positive number below the
/// normal range.
long double spacing(at::ScalarType dtype, long double value);

/// The positive finite numbers of a dtype in order: index k is the k-th above 0, so that neighbours differ
/// by 1.
double number_at(at::ScalarType dtype, uint64_t index);

/// The index of the smallest number that is not below `value`, for a value that is positive and in range.
uint64_t index_at_least(at::ScalarType dtype, long double value);

/// Numbers from one power of two to the next.
uint64_t numbers_an_octave(at::ScalarType dtype);

}  // namespace bernoulli::stability

#include "stability/number_line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/error.h"

namespace bernoulli::stability {
namespace {

constexpr std::array<NumberFormat, 4> kNumberFormats = {{{at::kDouble, "float64", 53, -1022, 1024},
                                                         {at::kFloat, "float32", 24, -126, 128},
                                                         {at::kBFloat16, "bfloat16", 8, -126, 128},
                                                         {at::kHalf, "float16", 11, -14, 16}}};

/// Of the spacing at `value`: numbers below the normal range have that of the smallest normal one.
int spacing_exponent(const NumberFormat& format, long double value) {
  const int smallest = format.smallest_exponent;
  return (value == 0 ? smallest : std::max(std::ilogb(value), smallest)) - format.digits + 1;
}

}  // namespace

const NumberFormat& number_format(at::ScalarType dtype) {
  for (const NumberFormat& format : kNumberFormats) {
    if (format.dtype == dtype) return format;
  }
  throw InternalError("stability: losses are measured in float64, float32, bfloat16 and float16");
}

const NumberFormat& number_format_named(std::string_view name) {
  for (const NumberFormat& format : kNumberFormats) {
    if (format.name == name) return format;
  }
  throw InternalError("stability: there is no number format " + std::string(name));
}

long double spacing(at::ScalarType dtype, long double value) {
  return std::ldexp(1.0L, spacing_exponent(number_format(dtype), value));
}

double number_at(at::ScalarType dtype, uint64_t index) {
  const NumberFormat& format = number_format(dtype);
  const uint64_t an_octave = numbers_an_octave(dtype), octave = index / an_octave;
  const int smallest = spacing_exponent(format, 0);
  if (octave == 0) return std::ldexp(static_cast<double>(index), smallest);  // below the normal range
  return std::ldexp(static_cast<double>(an_octave + index % an_octave),
                    smallest + static_cast<int>(octave) - 1);
}

uint64_t index_at_least(at::ScalarType dtype, long double value) {
  const NumberFormat& format = number_format(dtype);
  const int exponent = spacing_exponent(format, value);
  const auto octaves = static_cast<uint64_t>(exponent - spacing_exponent(format, 0));
  return octaves * numbers_an_octave(dtype) + static_cast<uint64_t>(std::ceil(std::ldexp(value, -exponent)));
}

uint64_t numbers_an_octave(at::ScalarType dtype) { return uint64_t{1} << (number_format(dtype).digits - 1); }

}  // namespace bernoulli::stability

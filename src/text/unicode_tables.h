#pragma once

#include <cstdint>
#include <span>

namespace bernoulli {

// Properties of the code points above ASCII in Unicode 14.0.0, ascending (scripts/make_unicode_tables.py).

/// first, first + stride .. last, which have a simple lower-case mapping (UnicodeData.txt, field 13):
/// themselves plus `offset`.
struct CaseRange {
  char32_t first, last;
  uint8_t stride;
  int32_t offset;
};
struct CodePointRange {
  char32_t first, last;
};

std::span<const CaseRange> lowercase_ranges();
std::span<const CodePointRange> punctuation_ranges();  ///< general category P*
std::span<const CodePointRange> white_space_ranges();  ///< property White_Space
std::span<const CodePointRange> digit_ranges();        ///< general category Nd

}  // namespace bernoulli

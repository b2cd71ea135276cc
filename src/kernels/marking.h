#pragma once

// Marked rows as a list. For lanes.h's three files only.

#include "kernels/kernels.h"
#include "kernels/lanes.h"

namespace bernoulli::kernels {
namespace {

#if !defined(__AVX512F__)
/// Bit i where byte i of 64, which are 0 or kMarked, is not 0.
BERNOULLI_INLINE uint64_t marked_bits(const uint8_t* bytes) {
  static_assert(kMarked == 0xff);
  uint64_t bits = 0;
#if defined(__x86_64__)
  for (int i = 0; i < 64; i += 16) {
    const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
    bits |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(some))) << i;
  }
#else
  for (int i = 0; i < 64; i += 8) {
    uint64_t some;
    __builtin_memcpy(&some, bytes + i, 8);
    // The product's top byte is the lowest bits of the eight bytes side by side: byte j times 2^(56 - 7j) is
    // bit 56 + j.
    bits |= ((some & 0x0101010101010101u) * 0x0102040810204080u >> 56) << i;
  }
#endif
  return bits;
}
#endif

int64_t take_marked(uint8_t* marks, int64_t num_blocks, int32_t first_row, int32_t* rows) {
  int64_t count = 0;
  for (int64_t block = 0; block < num_blocks; ++block, marks += kMarkBlock, first_row += kMarkBlock) {
#if defined(__AVX512F__)
    const __m512i some = _mm512_loadu_si512(marks);
    const uint64_t bits = _mm512_test_epi8_mask(some, some);
    if (bits == 0) continue;
    _mm512_storeu_si512(marks, _mm512_setzero_si512());
    for (int part = 0; part < 4; ++part) {  // without a branch that depends on how many there are
      const auto own = static_cast<__mmask16>(bits >> (16 * part));
      const Words numbers = lane_numbers() + all_words(static_cast<uint32_t>(first_row + 16 * part));
      _mm512_storeu_si512(rows + count,
                          _mm512_maskz_compress_epi32(own, reinterpret_cast<__m512i>(numbers.part[0])));
      count += __builtin_popcount(own);
    }
#else
    uint64_t bits = marked_bits(marks);
    if (bits == 0) continue;
    __builtin_memset(marks, 0, kMarkBlock);
    for (; bits != 0; bits &= bits - 1) rows[count++] = first_row + __builtin_ctzll(bits);
#endif
  }
  return count;
}

}  // namespace
}  // namespace bernoulli::kernels

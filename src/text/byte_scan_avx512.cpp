#include "text/byte_scan.h"

#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored \
    "-Wmaybe-uninitialized"  // GCC 12's own headers leave unselected lanes undefined
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <immintrin.h>

// Only these functions are compiled for AVX-512, and only called where the processor has it: the rest of the
// program runs on any x86-64.
#define BERNOULLI_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))

namespace bernoulli {
namespace {

constexpr std::array<uint8_t, 64> positions() {
  std::array<uint8_t, 64> numbers{};
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<uint8_t>(i);
  return numbers;
}

constexpr std::array<uint8_t, 64> kPositions = positions();

/// The lowest `count` bits, 0 to 64.
BERNOULLI_AVX512 inline uint64_t low_bits(uint64_t count) {
  return _bzhi_u64(~uint64_t{0}, static_cast<unsigned>(count));
}

/// Where compressed bytes go, and what the next block has to know of those before it.
struct Sink {
  char* bytes;
  uint32_t* edges;
  size_t num_bytes = 0;
  size_t num_edges = 0;
  uint64_t after_space = 1;  ///< 0 in a token
};

/// Sixteen edges; `numbers` counts them from `base`.
BERNOULLI_AVX512 inline void put_sixteen(__m512i base, __m128i numbers, uint32_t* out) {
  _mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(numbers)));
}

BERNOULLI_AVX512 inline void put_edges(uint64_t edges, Sink& sink) {
  const __m512i base = _mm512_set1_epi32(static_cast<int>(sink.num_bytes));
  const __m512i at = _mm512_maskz_compress_epi8(edges, _mm512_loadu_si512(kPositions.data()));
  uint32_t* const out = sink.edges + sink.num_edges;
  const auto count = static_cast<size_t>(std::popcount(edges));
  put_sixteen(base, _mm512_extracti32x4_epi32(at, 0), out);
  put_sixteen(base, _mm512_extracti32x4_epi32(at, 1), out + 16);
  if (count > 32) {
    put_sixteen(base, _mm512_extracti32x4_epi32(at, 2), out + 32);
    put_sixteen(base, _mm512_extracti32x4_epi32(at, 3), out + 48);
  }
  sink.num_edges += count;
}

/// Takes over the outputs of one block that `in` selects: drops deleted bytes and all but the first of
/// neighbouring spaces, and notes where tokens begin and end.
BERNOULLI_AVX512 inline void put_block(__m512i outputs, uint64_t in, Sink& sink) {
  const __m512i space = _mm512_set1_epi8(static_cast<char>(BytePlan::kSpace));
  const __m512i deleted = _mm512_set1_epi8(static_cast<char>(BytePlan::kDeleted));
  const uint64_t kept = _mm512_mask_cmpneq_epi8_mask(in, outputs, deleted);
  const __m512i dense = _mm512_maskz_compress_epi8(kept, outputs);
  const auto num_kept = static_cast<uint64_t>(std::popcount(kept));
  const uint64_t present = low_bits(num_kept);
  const uint64_t spaces = _mm512_mask_cmpeq_epi8_mask(present, dense, space);
  const uint64_t single = present & ~(spaces & (spaces << 1 | sink.after_space));
  _mm512_storeu_si512(sink.bytes + sink.num_bytes, _mm512_maskz_compress_epi8(single, dense));
  const auto num_single = static_cast<uint64_t>(std::popcount(single));
  const uint64_t in_token = ~_pext_u64(spaces, single) & low_bits(num_single);
  put_edges((in_token ^ (in_token << 1 | (sink.after_space ^ 1))) & low_bits(num_single), sink);
  sink.num_bytes += num_single;
  if (num_kept > 0) sink.after_space = spaces >> (num_kept - 1) & 1;
}

/// Output for each byte of a block.
struct Table {
  __m512i quarters[4];

  BERNOULLI_AVX512 explicit Table(const std::array<uint8_t, 256>& map) {
    for (size_t i = 0; i < 4; ++i) quarters[i] = _mm512_loadu_si512(map.data() + 64 * i);
  }
  BERNOULLI_AVX512 __m512i look_up(__m512i block) const {
    const __m512i low = _mm512_permutex2var_epi8(quarters[0], block, quarters[1]);
    const __m512i high = _mm512_permutex2var_epi8(quarters[2], block, quarters[3]);
    return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(block), high);
  }
};

BERNOULLI_AVX512 void put_replacement(const BytePlan& plan, Sink& sink) {
  const std::string& replacement = plan.replacement;
  for (size_t i = 0; i < replacement.size(); i += 64) {
    const uint64_t in = low_bits(std::min<size_t>(64, replacement.size() - i));
    put_block(_mm512_maskz_loadu_epi8(in, replacement.data() + i), in, sink);
  }
}

}  // namespace

bool scans_with_avx512() {
  static const bool kSupported = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                 __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
                                 __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2");
  return kSupported;
}

namespace detail {

BERNOULLI_AVX512 size_t scan_avx512(const BytePlan& plan, std::string_view text, size_t limit, char* bytes,
                                    uint32_t* edges, size_t& end) {
  const Table table(plan.map);
  const __m512i start_a = _mm512_set1_epi8(static_cast<char>(plan.literal_starts[0]));
  const __m512i start_b = _mm512_set1_epi8(static_cast<char>(plan.literal_starts[1]));
  const bool has_literal = !plan.literal.empty();
  Sink sink{bytes, edges};
  for (size_t i = 0; i < text.size() && sink.num_edges / 2 < limit;) {
    const size_t size = std::min<size_t>(64, text.size() - i);
    const uint64_t in = low_bits(size);
    const __m512i block =
        _mm512_maskz_loadu_epi8(in, text.data() + i);  // masked: nothing past the end is read
    const __m512i outputs = table.look_up(block);
    if (has_literal) {
      const uint64_t starts =
          _mm512_mask_cmpeq_epi8_mask(in, block, start_a) | _mm512_mask_cmpeq_epi8_mask(in, block, start_b);
      const size_t match = starts == 0 ? 64 : plan.first_match(text, i, starts);
      if (match < 64)
          [[unlikely]] {  // the block ends where the literal stands; the next one begins behind it
        put_block(outputs, low_bits(match), sink);
        put_replacement(plan, sink);
        i += match + plan.literal.size();
        continue;
      }
    }
    put_block(outputs, in, sink);
    i += size;
  }
  end = sink.num_bytes;
  return sink.num_edges;
}

}  // namespace detail
}  // namespace bernoulli

#endif

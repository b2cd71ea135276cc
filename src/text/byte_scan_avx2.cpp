#include "text/byte_scan.h"

#if defined(__x86_64__)

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

#include "text/scan_sink.h"

// Only these functions are compiled for AVX2, and only called where the processor has it: the rest of the
// program runs on any x86-64.
#define BERNOULLI_AVX2 __attribute__((target("avx2,bmi,popcnt")))

namespace bernoulli {
namespace {

/// By the bits of a mask, the places of the bytes to keep, packed to the front; a shuffle makes the others 0.
constexpr std::array<std::array<uint8_t, 8>, 256> packing() {
  std::array<std::array<uint8_t, 8>, 256> places{};
  for (size_t mask = 0; mask < places.size(); ++mask) {
    places[mask].fill(0x80);
    size_t count = 0;
    for (uint8_t i = 0; i < 8; ++i) {
      if ((mask >> i & 1) != 0) places[mask][count++] = i;
    }
  }
  return places;
}

constexpr std::array<std::array<uint8_t, 8>, 256> kPacking = packing();

BERNOULLI_AVX2 inline __m256i load(const void* bytes) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}

struct Block {
  __m256i low, high;

  BERNOULLI_AVX2 static Block at(const char* bytes) { return {load(bytes), load(bytes + 32)}; }
  /// A bit a byte.
  BERNOULLI_AVX2 uint64_t equal(uint8_t byte) const {
    const __m256i all = _mm256_set1_epi8(static_cast<char>(byte));
    const auto mask = [&](__m256i half) __attribute__((target("avx2"))) {
      return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(half, all)));
    };
    return mask(low) | uint64_t{mask(high)} << 32;
  }
};

struct Avx2Edges {
  /// Eight numbers are written for each byte of the mask, however many bits it has.
  BERNOULLI_AVX2 static uint32_t* write(uint64_t mask, uint32_t first, uint32_t* out) {
    for (; mask != 0; mask >>= 8, first += 8) {
      const std::array<uint8_t, 8>& places = kPacking[mask & 0xff];
      const __m256i numbers =
          _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(places.data())));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                          _mm256_add_epi32(numbers, _mm256_set1_epi32(static_cast<int>(first))));
      out += std::popcount(mask & 0xff);
    }
    return out;
  }
};

/// The map as what is to be changed in a byte: sixteen look-ups, one for each upper half of a byte, of which
/// those that change nothing are left out.
class Changes {
 public:
  BERNOULLI_AVX2 explicit Changes(const BytePlan& plan) {
    for (int upper = 0; upper < 256; upper += 16) {
      const __m128i bytes = _mm_add_epi8(_mm_set1_epi8(static_cast<char>(upper)),
                                         _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
      const __m128i row =
          _mm_xor_si128(bytes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(plan.map.data() + upper)));
      if (_mm_testz_si128(row, row)) continue;
      upper_[size_] = _mm256_set1_epi8(static_cast<char>(upper));
      rows_[size_++] = _mm256_broadcastsi128_si256(row);
    }
  }
  BERNOULLI_AVX2 Block apply(const Block& block) const {
    const __m256i to_top = _mm256_set1_epi8(0x70);
    Block out = block;
    for (size_t i = 0; i < size_; ++i) {
      // 0x70 to 0x7f where the upper half is this one; others get the sign bit, and so 0 from the look-up.
      const __m256i low = _mm256_adds_epu8(_mm256_xor_si256(block.low, upper_[i]), to_top);
      const __m256i high = _mm256_adds_epu8(_mm256_xor_si256(block.high, upper_[i]), to_top);
      out.low = _mm256_xor_si256(out.low, _mm256_shuffle_epi8(rows_[i], low));
      out.high = _mm256_xor_si256(out.high, _mm256_shuffle_epi8(rows_[i], high));
    }
    return out;
  }

 private:
  __m256i upper_[16];
  __m256i rows_[16];
  size_t size_ = 0;
};

/// Puts the bytes that `kept` selects where they belong; some more may be overwritten.
BERNOULLI_AVX2 inline void put_kept(const Block& block, uint64_t kept, ScanSink<Avx2Edges>& sink) {
  alignas(32) std::array<char, kScanBlock> bytes;
  _mm256_store_si256(reinterpret_cast<__m256i*>(bytes.data()), block.low);
  _mm256_store_si256(reinterpret_cast<__m256i*>(bytes.data() + 32), block.high);
  char* const out = sink.next();
  const __m128i space = _mm_set1_epi8(static_cast<char>(BytePlan::kSpace));
  size_t count = 0;
  uint64_t spaces = 0;
  for (size_t i = 0; i < kScanBlock; i += 8) {
    const uint64_t mask = kept >> i & 0xff;
    const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes.data() + i));
    const __m128i places = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kPacking[mask].data()));
    const __m128i packed = _mm_shuffle_epi8(eight, places);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + count), packed);
    // Bytes past those that were kept are 0, no spaces.
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(packed, space)));
    spaces |= uint64_t{found & 0xff} << count;
    count += static_cast<size_t>(std::popcount(mask));
  }
  sink.put(count, spaces);
}

}  // namespace

bool scans_with_avx2() {
  static const bool kSupported =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
  return kSupported;
}

namespace detail {

BERNOULLI_AVX2 size_t scan_avx2(const BytePlan& plan, std::string_view text, size_t limit, char* bytes,
                                uint32_t* edges, size_t& end) {
  const Changes changes(plan);
  ScanSink<Avx2Edges> sink(bytes, edges);
  for (size_t i = 0; i < text.size() && sink.num_edges() / 2 < limit;) {
    const size_t size = std::min(kScanBlock, text.size() - i);
    std::array<char, kScanBlock> last;
    if (size < kScanBlock) std::memcpy(last.data(), text.data() + i, size);  // nothing past the end is read
    const Block block = Block::at(size < kScanBlock ? last.data() : text.data() + i);
    const uint64_t in = ~uint64_t{0} >> (kScanBlock - size);
    const Block outputs = changes.apply(block);
    const uint64_t kept = ~outputs.equal(BytePlan::kDeleted) & in;
    size_t match = kScanBlock;
    if (!plan.literal.empty()) {
      const uint64_t starts =
          (block.equal(plan.literal_starts[0]) | block.equal(plan.literal_starts[1])) & in;
      if (starts != 0) match = plan.first_match(text, i, starts);
    }
    if (match == kScanBlock) {
      put_kept(outputs, kept, sink);
      i += size;
    } else {  // the block ends where the literal stands; the next one begins behind it
      put_kept(outputs, kept & ((uint64_t{1} << match) - 1), sink);
      sink.put_replacement(plan);
      i += match + plan.literal.size();
    }
  }
  end = sink.num_bytes();
  return sink.num_edges();
}

}  // namespace detail
}  // namespace bernoulli

#endif

#pragma once

// Sixteen lanes in as many registers as the processor that this file is compiled for needs: one of AVX-512,
// two of AVX2, four of SSE2 or NEON. Included by portable.cpp, avx2.cpp and avx512.cpp only, each compiled
// with its own flags; everything is internal to the file, and no inline function of the standard library is
// called here, because the linker would keep one file's copy of it for the whole program.

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define BERNOULLI_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define BERNOULLI_VECTOR_BYTES 32
#else
#define BERNOULLI_VECTOR_BYTES 16
#endif

namespace bernoulli::kernels {
namespace {

#define BERNOULLI_INLINE inline __attribute__((always_inline))

constexpr int kParts = 64 / BERNOULLI_VECTOR_BYTES;
constexpr int kPartLanes = 16 / kParts;

using FloatPart = float __attribute__((vector_size(BERNOULLI_VECTOR_BYTES)));
using WordPart = uint32_t __attribute__((vector_size(BERNOULLI_VECTOR_BYTES)));
using LooseFloatPart = float __attribute__((vector_size(BERNOULLI_VECTOR_BYTES), aligned(4), may_alias));

struct Floats {
  FloatPart part[kParts];
};
struct Words {
  WordPart part[kParts];
};

#define BERNOULLI_FOR_PARTS _Pragma("GCC unroll 4") for (int i = 0; i < kParts; ++i)
#define BERNOULLI_BINARY(Type, op)                                  \
  BERNOULLI_INLINE Type operator op(const Type& a, const Type& b) { \
    Type r;                                                         \
    BERNOULLI_FOR_PARTS r.part[i] = a.part[i] op b.part[i];         \
    return r;                                                       \
  }
BERNOULLI_BINARY(Floats, +)
BERNOULLI_BINARY(Floats, -)
BERNOULLI_BINARY(Floats, *)
BERNOULLI_BINARY(Floats, /)
BERNOULLI_BINARY(Words, +)
BERNOULLI_BINARY(Words, *)
BERNOULLI_BINARY(Words, ^)
BERNOULLI_BINARY(Words, |)
#undef BERNOULLI_BINARY

BERNOULLI_INLINE Words operator>>(const Words& a, int bits) {
  Words r;
  BERNOULLI_FOR_PARTS r.part[i] = a.part[i] >> bits;
  return r;
}
BERNOULLI_INLINE Words operator<<(const Words& a, int bits) {
  Words r;
  BERNOULLI_FOR_PARTS r.part[i] = a.part[i] << bits;
  return r;
}
BERNOULLI_INLINE Floats all(float x) {
  Floats r;
  BERNOULLI_FOR_PARTS r.part[i] = FloatPart{} + x;
  return r;
}
BERNOULLI_INLINE Words all_words(uint32_t x) {
  Words r;
  BERNOULLI_FOR_PARTS r.part[i] = WordPart{} + x;
  return r;
}
BERNOULLI_INLINE Floats zeros() { return all(0.0f); }
BERNOULLI_INLINE Floats load(const float* from) {
  Floats r;
  BERNOULLI_FOR_PARTS r.part[i] = *reinterpret_cast<const LooseFloatPart*>(from + i * kPartLanes);
  return r;
}
BERNOULLI_INLINE void store(float* to, const Floats& x) {
  BERNOULLI_FOR_PARTS* reinterpret_cast<LooseFloatPart*>(to + i * kPartLanes) = x.part[i];
}
BERNOULLI_INLINE Words words_of(const Floats& x) {
  Words r;
  BERNOULLI_FOR_PARTS r.part[i] = reinterpret_cast<WordPart>(x.part[i]);
  return r;
}
BERNOULLI_INLINE Floats float_of(const Words& x) {
  Floats r;
  BERNOULLI_FOR_PARTS r.part[i] = reinterpret_cast<FloatPart>(x.part[i]);
  return r;
}
BERNOULLI_INLINE Words load_words(const int32_t* from) {
  return words_of(load(reinterpret_cast<const float*>(from)));
}
BERNOULLI_INLINE void store_words(int32_t* to, const Words& x) {
  store(reinterpret_cast<float*>(to), float_of(x));
}
/// NaN stays NaN.
BERNOULLI_INLINE Floats between(const Floats& x, float low, float high) {
  Floats r;
  BERNOULLI_FOR_PARTS {
    const FloatPart lowest = FloatPart{} + low, highest = FloatPart{} + high;
    r.part[i] = x.part[i] < lowest ? lowest : x.part[i];
    r.part[i] = r.part[i] > highest ? highest : r.part[i];
  }
  return r;
}
/// a * b + c, rounded once where the processor can: then of other bits than a product and a sum.
BERNOULLI_INLINE Floats multiply_add(const Floats& a, const Floats& b, const Floats& c) {
  Floats r;
#if defined(__AVX512F__)
  r.part[0] = _mm512_fmadd_ps(a.part[0], b.part[0], c.part[0]);
#elif defined(__FMA__)
  BERNOULLI_FOR_PARTS r.part[i] = _mm256_fmadd_ps(a.part[i], b.part[i], c.part[i]);
#else
  BERNOULLI_FOR_PARTS r.part[i] = a.part[i] * b.part[i] + c.part[i];
#endif
  return r;
}
BERNOULLI_INLINE Words lane_numbers() {
  Words r;
  BERNOULLI_FOR_PARTS {
    for (int j = 0; j < kPartLanes; ++j) r.part[i][j] = static_cast<uint32_t>(i * kPartLanes + j);
  }
  return r;
}

/// Correctly rounded in every variant.
BERNOULLI_INLINE Floats root(const Floats& x) {
  Floats r;
#if defined(__AVX512F__)
  r.part[0] = _mm512_maskz_sqrt_ps(0xffff, x.part[0]);
#elif defined(__AVX2__)
  BERNOULLI_FOR_PARTS r.part[i] = _mm256_sqrt_ps(x.part[i]);
#elif defined(__x86_64__)
  BERNOULLI_FOR_PARTS r.part[i] = _mm_sqrt_ps(x.part[i]);
#else
  BERNOULLI_FOR_PARTS {
    for (int j = 0; j < kPartLanes; ++j) r.part[i][j] = __builtin_sqrtf(x.part[i][j]);
  }
#endif
  return r;
}

#if defined(__AVX512F__)
/// Smallest x of which soft_root is correct.
constexpr float kSoftRootFrom = 1e-36f;
/// root(x) on the multiplication pipes, which leaves the divide unit to a division beside it: an estimate of
/// 14 bits, one step of Goldschmidt's iteration, and a correction by the exact remainder. The same bits as
/// root(x) from kSoftRootFrom on (tests/kernels compares every significand); below it, root(kSoftRootFrom).
BERNOULLI_INLINE Floats soft_root(const Floats& from) {
  const __m512 half = _mm512_set1_ps(0.5f);
  const __m512 x = _mm512_maskz_max_ps(0xffff, from.part[0], _mm512_set1_ps(kSoftRootFrom));
  const __m512 estimate = _mm512_maskz_rsqrt14_ps(0xffff, x);
  __m512 g = x * estimate, h = half * estimate;
  const __m512 residual = _mm512_fnmadd_ps(g, h, half);
  g = _mm512_fmadd_ps(g, residual, g);
  h = _mm512_fmadd_ps(h, residual, h);
  return {{_mm512_fmadd_ps(_mm512_fnmadd_ps(g, g, x), h, g)}};
}
#endif

/// Some of the lanes, as the processor likes them: a bit each, or all bits of a lane.
struct Lanes {
#if defined(__AVX512F__)
  __mmask16 bits;
#else
  WordPart part[kParts];
#endif
};

/// Lane k where bit k is set.
BERNOULLI_INLINE Lanes lanes_of(uint32_t bits) {
#if defined(__AVX512F__)
  return {static_cast<__mmask16>(bits)};
#else
  Lanes r;
  BERNOULLI_FOR_PARTS {
    WordPart own;
    for (int j = 0; j < kPartLanes; ++j) own[j] = 1u << (i * kPartLanes + j);
    r.part[i] = reinterpret_cast<WordPart>(((WordPart{} + bits) & own) == own);
  }
  return r;
#endif
}

/// Bit k for lane k.
BERNOULLI_INLINE uint32_t bits_of(const Lanes& lanes) {
#if defined(__AVX512F__)
  return lanes.bits;
#else
  uint32_t bits = 0;
  BERNOULLI_FOR_PARTS {
#if defined(__AVX2__)
    bits |= static_cast<uint32_t>(_mm256_movemask_ps(reinterpret_cast<__m256>(lanes.part[i]))) << (8 * i);
#elif defined(__x86_64__)
    bits |= static_cast<uint32_t>(_mm_movemask_ps(reinterpret_cast<__m128>(lanes.part[i]))) << (4 * i);
#else
    for (int j = 0; j < kPartLanes; ++j) bits |= (lanes.part[i][j] != 0 ? 1u : 0u) << (i * kPartLanes + j);
#endif
  }
  return bits;
#endif
}

BERNOULLI_INLINE bool all_zero(const Words& x) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask(reinterpret_cast<__m512i>(x.part[0]), reinterpret_cast<__m512i>(x.part[0])) ==
         0;
#else
  WordPart any = x.part[0];
  for (int i = 1; i < kParts; ++i) any = any | x.part[i];
  uint32_t bits = 0;
  for (int j = 0; j < kPartLanes; ++j) bits |= any[j];
  return bits == 0;
#endif
}

/// Lane k where that of a is below that of b.
BERNOULLI_INLINE Lanes below(const Words& a, const Words& b) {
#if defined(__AVX512F__)
  return {
      _mm512_cmplt_epu32_mask(reinterpret_cast<__m512i>(a.part[0]), reinterpret_cast<__m512i>(b.part[0]))};
#else
  Lanes r;
  BERNOULLI_FOR_PARTS r.part[i] = reinterpret_cast<WordPart>(a.part[i] < b.part[i]);
  return r;
#endif
}

/// x in these lanes, else +0.
BERNOULLI_INLINE Floats where(const Lanes& lanes, const Floats& x) {
  Floats r;
#if defined(__AVX512F__)
  r.part[0] = _mm512_maskz_mov_ps(lanes.bits, x.part[0]);
#else
  BERNOULLI_FOR_PARTS {
    r.part[i] = reinterpret_cast<FloatPart>(reinterpret_cast<WordPart>(x.part[i]) & lanes.part[i]);
  }
#endif
  return r;
}

/// sum + x in these lanes. A sum that began at +0 never becomes -0, so adding +0 leaves it as it is.
BERNOULLI_INLINE Floats add_where(const Lanes& lanes, const Floats& sum, const Floats& x) {
#if defined(__AVX512F__)
  Floats r;
  r.part[0] = _mm512_mask_add_ps(sum.part[0], lanes.bits, sum.part[0], x.part[0]);
  return r;
#else
  return sum + where(lanes, x);
#endif
}

/// Pairwise: lanes 8 apart, 4 apart, 2 apart, neighbours.
BERNOULLI_INLINE float sum_lanes(const Floats& x) {
  float lane[16];
  store(lane, x);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lane[i] += lane[i + width];
  }
  return lane[0];
}

/// 32 random bits a lane from a counter: C. Wellons' two-multiplication hash of 32 bits ("lowbias32" family),
/// with a second key between the rounds so that examples whose first keys are close do not share draws.
BERNOULLI_INLINE Words random_words(uint32_t key0, uint32_t key1, uint32_t counter) {
  Words x = lane_numbers() + all_words(key0 + counter);
  x = (x ^ (x >> 16)) * all_words(0x21f0aaadu);
  x = (x ^ (x >> 15)) + all_words(key1);
  x = x * all_words(0xd35a2d97u);
  return x ^ (x >> 15);
}

}  // namespace
}  // namespace bernoulli::kernels

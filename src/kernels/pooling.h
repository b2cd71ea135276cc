#pragma once

// Embedding, dropout and pool in one pass, and its gradient. For lanes.h's three files only.

#include "kernels/kernels.h"
#include "kernels/lanes.h"

namespace bernoulli::kernels {
namespace {

/// Draws of padding counts stand far from those of positions.
constexpr uint32_t kPadCounters = 0x80000000u;

/// 16 draws of Binomial(n, p), n < 256, by Walker's alias method: a cell, then the cell itself or its alias.
inline void add_binomial(const DropoutDraws& draws, uint32_t counter, const uint32_t* table, int64_t n,
                         float* counts) {
  const Words a = random_words(draws.key0, draws.key1, counter);
  const Words b = random_words(draws.key0, draws.key1, counter + 16);
#if defined(__AVX512F__)
  const auto words = reinterpret_cast<__m512i>(a.part[0]);
  const __m512i num_cells = _mm512_set1_epi32(static_cast<int>(n + 1));
  const __m512i even = _mm512_maskz_mul_epu32(0xff, words, num_cells);
  const __m512i odd = _mm512_maskz_mul_epu32(0xff, _mm512_maskz_srli_epi64(0xff, words, 32), num_cells);
  const __m512i cell = _mm512_mask_mov_epi32(_mm512_maskz_srli_epi64(0xff, even, 32), 0xaaaa, odd);
  const __m512i entry = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), 0xffff, cell, table, 4);
  const Lanes stays = below(b >> 8, Words{{reinterpret_cast<WordPart>(entry)}} >> 8);
  const __m512i drawn =
      _mm512_mask_mov_epi32(_mm512_and_si512(entry, _mm512_set1_epi32(255)), stays.bits, cell);
  store(counts, load(counts) + Floats{{_mm512_maskz_cvtepi32_ps(0xffff, drawn)}});
#else
  alignas(64) uint32_t cells[16], coins[16];
  __builtin_memcpy(cells, &a, sizeof cells);
  __builtin_memcpy(coins, &b, sizeof coins);
  for (int lane = 0; lane < 16; ++lane) {
    const auto cell = static_cast<uint32_t>((uint64_t{cells[lane]} * static_cast<uint64_t>(n + 1)) >> 32);
    const uint32_t entry = table[cell];
    counts[lane] += static_cast<float>((coins[lane] >> 8) < (entry >> 8) ? cell : (entry & 255u));
  }
#endif
}

/// How many of the pads each of 16 features keeps.
inline void count_pads(const PoolInput& in, uint32_t block, float* counts) {
  store(counts, zeros());
  uint32_t counter = kPadCounters + (block << 15);
  for (int64_t left = in.pads; left > 0; left -= 255, counter += 32)
    add_binomial(in.draws, counter, in.binomial[left < 255 ? left : 255], left < 255 ? left : 255, counts);
}

template <bool kDrop>
inline Floats sum_block(const PoolInput& in, const float* weights, int64_t stride, int64_t block,
                        uint16_t* keep) {
  Floats even = zeros(), odd = zeros();
  const Words low = all_words(in.draws.threshold << 16);
  const float* base = weights + block * kLanes;
  uint32_t counter = static_cast<uint32_t>(block * ((in.count + 1) / 2) * 16);
  for (int64_t p = 0; p + 1 < in.count; p += 2, counter += 16) {
    const Floats a = load(base + in.ids[p] * stride), b = load(base + in.ids[p + 1] * stride);
    if constexpr (kDrop) {
      const Words random = random_words(in.draws.key0, in.draws.key1, counter);
      const Lanes keep_a = below(random << 16, low), keep_b = below(random, low);
      keep[p] = static_cast<uint16_t>(bits_of(keep_a));
      keep[p + 1] = static_cast<uint16_t>(bits_of(keep_b));
      even = add_where(keep_a, even, a);
      odd = add_where(keep_b, odd, b);
    } else {
      even = even + a;
      odd = odd + b;
    }
  }
  if (in.count % 2 != 0) {
    const int64_t p = in.count - 1;
    const Floats last = load(base + in.ids[p] * stride);
    if constexpr (kDrop) {
      const Lanes kept = below(random_words(in.draws.key0, in.draws.key1, counter) << 16, low);
      keep[p] = static_cast<uint16_t>(bits_of(kept));
      even = add_where(kept, even, last);
    } else {
      even = even + last;
    }
  }
  return even + odd;
}

BERNOULLI_INLINE void pool_rows(PoolInput in, const float* weights, int64_t stride, float* out,
                                uint16_t* keep, float* pad_count) {
  const bool drop = in.draws.threshold != 0;
  for (int64_t block = 0; block < stride / kLanes; ++block) {
    Floats sum = drop ? sum_block<true>(in, weights, stride, block, keep + block * in.count)
                      : sum_block<false>(in, weights, stride, block, keep);
    if (in.pads > 0) {
      float* counts = pad_count + block * kLanes;
      if (drop) {
        count_pads(in, static_cast<uint32_t>(block), counts);
        store(counts, load(counts) * all(in.pad_weight));
      } else {
        store(counts, all(static_cast<float>(in.pads) * in.pad_weight));
      }
      sum = sum + load(counts) * load(weights + block * kLanes);
    }
    store(out + block * kLanes, sum * all(in.scale));
  }
}

void pool(const PoolInput& in, const float* weights, int64_t stride, float* out, uint16_t* keep,
          float* pad_count) {
  return stride == kLanes ? pool_rows(in, weights, kLanes, out, keep, pad_count)
                          : pool_rows(in, weights, stride, out, keep, pad_count);
}

BERNOULLI_INLINE void scatter_rows(PoolInput in, const uint32_t* slots, const float* gradient, int64_t stride,
                                   const uint16_t* keep, const float* pad_count, float* gradients,
                                   float* pad_gradient) {
  const bool drop = in.draws.threshold != 0;
  for (int64_t block = 0; block < stride / kLanes; ++block) {
    const Floats g = load(gradient + block * kLanes) * all(in.scale);
    float* base = gradients + block * kLanes;
    if (drop) {
      const uint16_t* bits = keep + block * in.count;
      for (int64_t p = 0; p < in.count; ++p) {
        float* row = base + slots[in.ids[p]] * stride;
        // Not a sum that is masked: it would be stored so, and the next token of the row would wait for it.
        store(row, load(row) + where(lanes_of(bits[p]), g));
      }
    } else {
      for (int64_t p = 0; p < in.count; ++p) {
        float* row = base + slots[in.ids[p]] * stride;
        store(row, load(row) + g);
      }
    }
    if (in.pads > 0) {
      float* row = pad_gradient + block * kLanes;
      store(row, load(row) + load(pad_count + block * kLanes) * g);
    }
  }
}

void scatter(const PoolInput& in, const uint32_t* slots, const float* gradient, int64_t stride,
             const uint16_t* keep, const float* pad_count, float* gradients, float* pad_gradient) {
  return stride == kLanes
             ? scatter_rows(in, slots, gradient, kLanes, keep, pad_count, gradients, pad_gradient)
             : scatter_rows(in, slots, gradient, stride, keep, pad_count, gradients, pad_gradient);
}

void dropout(const DropoutDraws& draws, float scale, float* x, int64_t stride) {
  const Words limit = all_words(draws.threshold << 16);
  for (int64_t i = 0; i < stride; i += kLanes) {
    const Lanes kept = below(random_words(draws.key0, draws.key1, static_cast<uint32_t>(i)), limit);
    store(x + i, where(kept, load(x + i) * all(scale)));
  }
}

}  // namespace
}  // namespace bernoulli::kernels

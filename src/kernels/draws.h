#pragma once

#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/kernels.h"

// The draws of lanes.h and pooling.h one number at a time, for a card; tests/kernels holds them against the
// sixteen lanes.

namespace bernoulli::kernels {

/// 32 random bits: number `n` of the stream (key0, key1).
BERNOULLI_HOST_DEVICE inline uint32_t random_word(uint32_t key0, uint32_t key1, uint32_t n) {
  uint32_t x = n + key0;
  x = (x ^ (x >> 16)) * 0x21f0aaadu;
  x = (x ^ (x >> 15)) + key1;
  x = x * 0xd35a2d97u;
  return x ^ (x >> 15);
}

/// The random bits of `feature` for two neighbouring positions of an example of `count` tokens, `position`
/// one of them. Features of a block of kLanes have neighbouring words.
BERNOULLI_HOST_DEVICE inline uint32_t number_of_pair(int64_t count, int64_t position, int64_t feature) {
  const int64_t pair = feature / kLanes * ((count + 1) / 2) + position / 2;
  return static_cast<uint32_t>(pair * kLanes + feature % kLanes);
}

/// Whether what such a word has for `position`, its lower or its upper half, is below the threshold.
BERNOULLI_HOST_DEVICE inline bool keeps_position(uint32_t word, int64_t position, uint32_t threshold) {
  return word << (position % 2 == 0 ? 16 : 0) < threshold << 16;
}

/// Whether dropout behind the pool keeps `feature`.
BERNOULLI_HOST_DEVICE inline bool keeps_feature(const DropoutDraws& draws, int64_t feature) {
  return random_word(draws.key0, draws.key1, static_cast<uint32_t>(feature)) < draws.threshold << 16;
}

/// How many of `pads` padding positions keep `feature`.
/// @param tables  BinomialTables::flat
BERNOULLI_HOST_DEVICE inline float kept_pads(const DropoutDraws& draws, const uint32_t* tables, int64_t pads,
                                             int64_t feature) {
  const auto lane = static_cast<uint32_t>(feature % kLanes);
  uint32_t counter = 0x80000000u + (static_cast<uint32_t>(feature / kLanes) << 15);
  float kept = 0;
  for (; pads > 0; pads -= 255, counter += 32) {
    const int64_t n = pads < 255 ? pads : 255;
    const uint32_t* const table = tables + n * (n + 1) / 2;
    const uint32_t a = random_word(draws.key0, draws.key1, counter + lane);
    const uint32_t b = random_word(draws.key0, draws.key1, counter + 16 + lane);
    const auto cell = static_cast<uint32_t>((uint64_t{a} * static_cast<uint64_t>(n + 1)) >> 32);
    const uint32_t entry = table[cell];
    kept += static_cast<float>((b >> 8) < (entry >> 8) ? cell : (entry & 255u));
  }
  return kept;
}

}  // namespace bernoulli::kernels

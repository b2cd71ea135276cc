#include <bit>

#include "store/packed_table.h"

namespace bernoulli {

uint16_t to_float16(float number) {
  constexpr uint32_t kInfinity = 0x7c00, kQuiet = 0x0200;
  const auto bits = std::bit_cast<uint32_t>(number);
  const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  const auto signed_half = [&](uint32_t half) { return static_cast<uint16_t>(sign | half); };
  if (magnitude > 0x7f800000u) return signed_half(kInfinity | kQuiet);
  if (magnitude >= 0x477ff000u) return signed_half(kInfinity);  // from 65520 on
  if (magnitude < 0x33000001u) return signed_half(0);           // up to 2^-25, a tie with 0
  // Normal halves lose 13 bits of 24; below 2^-14 one more each halving.
  const uint32_t exponent = magnitude >> 23;
  const bool normal = magnitude >= 0x38800000u;
  const uint32_t lost = normal ? 13 : 126 - exponent;
  const uint32_t significand = normal ? magnitude - 0x38000000u : (magnitude & 0x7fffffu) | 0x800000u;
  const uint32_t kept = significand >> lost, rest = significand & ((1u << lost) - 1), tie = 1u << (lost - 1);
  return signed_half(kept + (rest > tie || (rest == tie && (kept & 1u) != 0) ? 1 : 0));
}

float from_float16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | magnitude << 13);
  if (magnitude >= 0x0400u) return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
  const float below = static_cast<float>(magnitude) * 0x1p-24f;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(below));
}

}  // namespace bernoulli

#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bernoulli {

/// A token of 1 to kMaxBytes bytes and its length, in two words: equal keys are equal tokens. Most tokens of
/// a natural language fit, and are hashed and compared without a loop.
struct ShortKey {
  static constexpr size_t kMaxBytes = 15;

  uint64_t low;   // no initialisers: an array of keys that are about to be written costs nothing
  uint64_t high;  ///< the length in its last byte: no token has the key {0, 0}

  bool operator==(const ShortKey&) const = default;

  /// @param token up to kMaxBytes bytes, of which 16 from its first may be read
  static ShortKey of_readable(std::string_view token) {
    ShortKey key;
    std::memcpy(&key.low, token.data(), 8);
    std::memcpy(&key.high, token.data() + 8, 8);
    return key.cut(token.size());
  }
  static ShortKey of(std::string_view token) {
    std::array<char, 16> bytes{};
    token.copy(bytes.data(), kMaxBytes);
    return of_readable({bytes.data(), token.size()});
  }

  size_t size() const { return static_cast<size_t>(high >> 56); }
  /// Appends the token to `bytes`.
  template <typename String>
  void append_to(String& bytes) const {
    bytes.append(reinterpret_cast<const char*>(this), size());
  }

  uint64_t hash(uint64_t seed) const {
    // Odd multipliers with about as many ones as zeros; the second round carries the high bits down.
    uint64_t mixed = ((low ^ seed) * 0x9e3779b97f4a7c15u) ^ std::rotl(high * 0xd1b54a32d192ed03u, 29);
    mixed ^= mixed >> 32;
    mixed *= 0xaef17502108ef2d9u;
    return mixed ^ mixed >> 29;
  }

 private:
  ShortKey cut(size_t size) const {
    static_assert(std::endian::native == std::endian::little);
    // By size, the bits of both words that belong to the token.
    static constexpr auto kMasks = [] {
      std::array<std::array<uint64_t, 2>, 16> masks{};
      for (size_t i = 1; i < masks.size(); ++i)
        masks[i] = {~uint64_t{0} >> (i < 8 ? 64 - 8 * i : 0), i > 8 ? ~uint64_t{0} >> (64 - 8 * (i - 8)) : 0};
      return masks;
    }();
    const std::array<uint64_t, 2>& mask = kMasks[size & 15];
    return {low & mask[0], (high & mask[1]) | static_cast<uint64_t>(size) << 56};
  }
};

}  // namespace bernoulli

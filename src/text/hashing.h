#pragma once

#include <cstdint>
#include <string_view>

namespace bernoulli {

constexpr uint32_t kHashBasis = 2166136261u, kHashPrime = 16777619u;

/// 32-bit FNV-1a of the token's bytes. Source: Fowler, Noll, Vo; draft-eastlake-fnv.
/// @param hash of the bytes before these
constexpr uint32_t hash_word(std::string_view token, uint32_t hash = kHashBasis) {
  for (const char c : token) hash = (hash ^ static_cast<uint8_t>(c)) * kHashPrime;
  return hash;
}

/// Hash of an n-gram from that of its first n-1 words and that of the next word. Source: fastText,
/// Dictionary::addWordNgrams (same factor; 32 bits here, so that TorchScript's signed 64-bit numbers compute
/// it without overflow).
constexpr uint32_t hash_append(uint32_t hash, uint32_t next_word) { return hash * 116049371u + next_word; }

/// Ids 1..buckets; 0 stays the padding.
class Buckets {
 public:
  /// @param buckets 1 to 2^31 - 2
  constexpr explicit Buckets(int64_t buckets)
      : buckets_(static_cast<uint64_t>(buckets)), inverse_(~uint64_t{0} / buckets_ + 1) {}

  /// 1 + hash mod buckets, in two multiplications. Source: Lemire, Kaser, Kurz 2019, "Faster remainder by
  /// direct computation"; exact for 32 bits.
  constexpr int32_t id(uint32_t hash) const {
    __extension__ using Wide = unsigned __int128;
    const uint64_t fraction = inverse_ * hash;  // of the quotient, in 2^-64
    return static_cast<int32_t>(1 + static_cast<uint64_t>(static_cast<Wide>(fraction) * buckets_ >> 64));
  }

 private:
  uint64_t buckets_;
  uint64_t inverse_;
};

}  // namespace bernoulli

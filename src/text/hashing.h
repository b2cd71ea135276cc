#pragma once

#include <cstdint>
#include <string_view>

namespace bernoulli {

/// 32-bit FNV-1a of the token's bytes. Source: Fowler, Noll, Vo; draft-eastlake-fnv.
constexpr uint32_t hash_word(std::string_view token) {
  uint32_t hash = 2166136261u;
  for (const char c : token) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return hash;
}

/// Hash of an n-gram from that of its first n-1 words and that of the next word. Source: fastText,
/// Dictionary::addWordNgrams (same factor; 32 bits here, so that TorchScript's signed 64-bit numbers compute
/// it without overflow).
constexpr uint32_t hash_append(uint32_t hash, uint32_t next_word) { return hash * 116049371u + next_word; }

/// Ids 1..buckets; 0 stays the padding.
constexpr int32_t bucket_id(uint32_t hash, int64_t buckets) {
  return static_cast<int32_t>(1 + hash % buckets);
}

}  // namespace bernoulli

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "text/short_key.h"

namespace bernoulli {

/// Perfect hash of a fixed set of keys: `find` reads one place and compares once, without a branch that
/// depends on the key. Source of the scheme: hash and displace (Belazzougui, Botelho, Dietzfelbinger 2009),
/// with the displacement applied by xor.
class ShortTokenIndex {
 public:
  /// keys[i] is found as i + 1, the key {0, 0} never. Null where no seed places all of them, which distinct
  /// keys do not provoke.
  static std::optional<ShortTokenIndex> build(std::vector<ShortKey> keys);

  /// Where the number of a key lies, if it is a key of this index.
  const uint32_t* place(const ShortKey& key) const {
    const uint64_t hash = key.hash(seed_);
    return &slots_[slot_of(hash) ^ displacements_[bucket_of(hash)]];
  }
  /// The only key that may have this number, which lay at its place.
  const ShortKey& key(uint32_t number) const { return keys_[number]; }
  /// The number of the key, from 1; 0 where it is absent.
  uint32_t find(const ShortKey& key) const { return confirm(*place(key), key); }
  /// The same, of the number that lay at the key's place.
  uint32_t confirm(uint32_t number, const ShortKey& key) const {
    const ShortKey& found = keys_[number];
    const uint64_t difference = (found.low ^ key.low) | (found.high ^ key.high);
    return difference == 0 ? number : 0;
  }

 private:
  ShortTokenIndex() = default;
  bool place_all(uint64_t seed);
  bool place_bucket(std::span<const uint32_t> numbers, uint16_t& displacement);

  size_t bucket_of(uint64_t hash) const { return hash >> bucket_shift_; }
  size_t slot_of(uint64_t hash) const { return hash & slot_mask_; }

  uint64_t seed_ = 0;
  int bucket_shift_ = 0;
  size_t slot_mask_ = 0;
  std::vector<uint16_t> displacements_;  ///< by bucket
  std::vector<uint32_t> slots_;          ///< number of the key, 0: free
  std::vector<ShortKey> keys_;           ///< by number; keys_[0] is no token's
};

}  // namespace bernoulli

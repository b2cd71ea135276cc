#include "text/short_token_index.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <utility>

namespace bernoulli {
namespace {

constexpr uint64_t kMaxSeeds = 32;
constexpr size_t kKeysABucket = 4;  // at most, on average

constexpr size_t kNoBucket = std::numeric_limits<size_t>::max();
constexpr size_t kNumDisplacements = 65536;  // 16 bits each: they stay in the first-level cache

/// Numbers of keys sorted by bucket, and where each bucket begins.
struct SortedBuckets {
  std::vector<uint32_t> begins;
  std::vector<uint32_t> numbers;

  size_t size(uint32_t bucket) const { return begins[bucket + 1] - begins[bucket]; }
  std::span<const uint32_t> operator[](uint32_t bucket) const {
    return std::span(numbers).subspan(begins[bucket], size(bucket));
  }
};

SortedBuckets sort_into_buckets(const std::vector<size_t>& bucket_of_number, size_t num_buckets) {
  SortedBuckets buckets;
  buckets.begins.assign(num_buckets + 1, 0);
  for (const size_t bucket : bucket_of_number) {
    if (bucket != kNoBucket) ++buckets.begins[bucket + 1];
  }
  std::partial_sum(buckets.begins.begin(), buckets.begins.end(), buckets.begins.begin());
  std::vector<uint32_t> next(buckets.begins.begin(), buckets.begins.end() - 1);
  buckets.numbers.resize(buckets.begins.back());
  for (size_t number = 0; number < bucket_of_number.size(); ++number) {
    const size_t bucket = bucket_of_number[number];
    if (bucket != kNoBucket) buckets.numbers[next[bucket]++] = static_cast<uint32_t>(number);
  }
  return buckets;
}

}  // namespace

std::optional<ShortTokenIndex> ShortTokenIndex::build(std::vector<ShortKey> keys) {
  ShortTokenIndex index;
  index.keys_ = std::move(keys);
  index.keys_.insert(index.keys_.begin(), ShortKey{});
  const size_t num_buckets = std::bit_ceil(std::max<size_t>(2, index.keys_.size() / kKeysABucket));
  index.bucket_shift_ = 64 - std::countr_zero(num_buckets);
  index.displacements_.resize(num_buckets);
  const size_t num_slots = std::bit_ceil(index.keys_.size() + index.keys_.size() / 2);
  index.slot_mask_ = num_slots - 1;
  index.slots_.resize(num_slots);
  for (uint64_t seed = 1; seed <= kMaxSeeds; ++seed) {
    if (index.place_all(seed * 0x2545f4914f6cdd1du)) return index;
  }
  return std::nullopt;
}

bool ShortTokenIndex::place_all(uint64_t seed) {
  seed_ = seed;
  std::fill(slots_.begin(), slots_.end(), 0u);
  std::fill(displacements_.begin(), displacements_.end(), uint16_t{0});
  std::vector<size_t> bucket_of_number;
  for (const ShortKey& key : keys_)
    bucket_of_number.push_back(key == ShortKey{} ? kNoBucket : bucket_of(key.hash(seed)));
  const SortedBuckets buckets = sort_into_buckets(bucket_of_number, displacements_.size());
  std::vector<uint32_t> order(displacements_.size());
  std::iota(order.begin(), order.end(), 0u);
  // Full buckets first, while most places are free.
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return buckets.size(a) > buckets.size(b); });
  return std::all_of(order.begin(), order.end(),
                     [&](uint32_t bucket) { return place_bucket(buckets[bucket], displacements_[bucket]); });
}

bool ShortTokenIndex::place_bucket(std::span<const uint32_t> numbers, uint16_t& displacement) {
  for (size_t candidate = 0; candidate < std::min(slots_.size(), kNumDisplacements); ++candidate) {
    const auto slot = [&](uint32_t number) -> uint32_t& {
      return slots_[slot_of(keys_[number].hash(seed_)) ^ candidate];
    };
    size_t placed = 0;
    while (placed < numbers.size() && slot(numbers[placed]) == 0) {
      slot(numbers[placed]) = numbers[placed];
      ++placed;
    }
    if (placed == numbers.size()) {
      displacement = static_cast<uint16_t>(candidate);
      return true;
    }
    while (placed > 0) slot(numbers[--placed]) = 0;
  }
  return false;
}

}  // namespace bernoulli

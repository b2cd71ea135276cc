#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bernoulli {

/// Mixes a seed with the place it is used at (epoch, step, layer), so that every draw is a function of where
/// it stands and a resumed run needs no stored generator. SplitMix64's finaliser: Steele, Lea, Flood, "Fast
/// splittable pseudorandom number generators", 2014.
constexpr uint64_t mix_seed(uint64_t seed, uint64_t stream, uint64_t index = 0) {
  uint64_t z = seed + 0x9e3779b97f4a7c15u * (stream + 1) + 0xd1b54a32d192ed03u * index;
  for (int round = 0; round < 2; ++round) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
  }
  return z;
}

/// Streams for mix_seed: one number for each purpose, so that no two uses share their draws.
namespace random_stream {
inline constexpr uint64_t kInitialWeights = 1;
inline constexpr uint64_t kEpochOrder = 2;
inline constexpr uint64_t kDropout = 3;
inline constexpr uint64_t kSplit = 4;
inline constexpr uint64_t kLabelNoise = 5;
inline constexpr uint64_t kWordDropout = 6;
inline constexpr uint64_t kSweep = 7;
}  // namespace random_stream

/// A counter through mix_seed. Same numbers on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() { return mix_seed(state_, ++counter_); }
  /// Uniform in [0, bound), bound > 0, without modulo bias.
  uint64_t below(uint64_t bound) {
    const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t draw;
    do {
      draw = next();
    } while (draw >= limit);
    return draw % bound;
  }
  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
  uint64_t counter_ = 0;
};

/// A permutation of 0..count-1 (Fisher-Yates); the same for the same seed on every machine.
inline std::vector<int64_t> random_permutation(int64_t count, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) order[static_cast<size_t>(i)] = i;
  Random random(seed);
  for (int64_t i = count - 1; i > 0; --i) {
    std::swap(order[static_cast<size_t>(i)], order[random.below(static_cast<uint64_t>(i) + 1)]);
  }
  return order;
}

}  // namespace bernoulli

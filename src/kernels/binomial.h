#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace bernoulli::kernels {

/// Walker's alias tables of Binomial(n, threshold / 65536) for n = 0..255, made when first asked for. Entry k
/// of n+1: the 24-bit chance to stay in cell k, then 8 bits of its alias. Each probability is within 2^-24.
/// A larger n is drawn as a sum of independent draws.
class BinomialTables {
 public:
  static constexpr int64_t kLargest = 255;
  explicit BinomialTables(uint32_t threshold) : threshold_(threshold) {}

  /// Makes what `count` pads need.
  void prepare(int64_t count);
  const uint32_t* const* tables() const { return pointers_.data(); }
  /// All tables one after the other, that of n from n * (n + 1) / 2 on.
  std::vector<uint32_t> flat();

 private:
  void make(int64_t n);

  uint32_t threshold_;
  std::array<std::vector<uint32_t>, kLargest + 1> entries_;
  std::array<const uint32_t*, kLargest + 1> pointers_{};
};

}  // namespace bernoulli::kernels

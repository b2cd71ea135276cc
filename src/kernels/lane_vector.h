#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace bernoulli::kernels {

/// Memory that begins at a multiple of 64 bytes.
template <typename T>
struct LaneAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  LaneAllocator() = default;
  template <typename U>
  explicit LaneAllocator(const LaneAllocator<U>& /*other*/) {}
  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), kAlignment)); }
  void deallocate(T* memory, size_t /*count*/) { ::operator delete(memory, kAlignment); }
  bool operator==(const LaneAllocator& /*other*/) const { return true; }
};

/// Numbers whose rows of whole lanes lie in whole cache lines. A kernel that adds to rows takes half as long
/// again where each lies across two.
using LaneVector = std::vector<float, LaneAllocator<float>>;

}  // namespace bernoulli::kernels

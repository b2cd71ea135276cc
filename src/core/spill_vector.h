#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "core/spill.h"

namespace bernoulli {

/// A vector of plain values in a SpillBuffer.
template <class T>
class SpillVector {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);

 public:
  using value_type = T;
  using const_iterator = const T*;

  explicit SpillVector(std::shared_ptr<SpillSpace> space) : bytes_(std::move(space)) {}

  void push_back(const T& value) { std::memcpy(bytes_.grow(sizeof(T)), &value, sizeof(T)); }
  /// Room for `count` more at the end, which the caller fills.
  T* grow(size_t count) { return reinterpret_cast<T*>(bytes_.grow(count * sizeof(T))); }

  size_t size() const { return bytes_.size() / sizeof(T); }
  bool empty() const { return size() == 0; }
  T* data() { return reinterpret_cast<T*>(bytes_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(bytes_.data()); }
  T& operator[](size_t index) { return data()[index]; }
  const T& operator[](size_t index) const { return data()[index]; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  std::span<const T> span() const { return {data(), size()}; }

 private:
  SpillBuffer bytes_;
};

}  // namespace bernoulli

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace bernoulli::serve {

/// The memory of what clients send or have not taken yet, all together. Any thread may ask.
class ByteBudget {
 public:
  /// @param most  bytes
  explicit ByteBudget(size_t most) : most_(most) {}

  /// What one body takes, given back with it.
  class Share {
   public:
    Share() = default;
    Share(std::atomic<size_t>& taken, size_t bytes) : taken_(&taken), bytes_(bytes) {}
    Share(Share&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(taken_, other.taken_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() { shrink_to(0); }

    /// Gives back what is above these bytes.
    void shrink_to(size_t bytes) {
      if (taken_ != nullptr && bytes < bytes_) *taken_ -= std::exchange(bytes_, bytes) - bytes;
    }

   private:
    std::atomic<size_t>* taken_ = nullptr;
    size_t bytes_ = 0;
  };

  /// Whether there is no room for any body that counts.
  bool is_full() const { return taken_ >= most_; }

  /// Takes the room for a body; false where there is none. A small one, such as of GET /health, needs
  /// none; one that is greater than all the room gets it where it is alone.
  bool take(size_t bytes, Share& share) {
    if (bytes <= kSmall) return true;
    if (const size_t before = taken_.fetch_add(bytes); before == 0 || before + bytes <= most_) {
      share = Share(taken_, bytes);
      return true;
    }
    taken_ -= bytes;
    return false;
  }

 private:
  static constexpr size_t kSmall = 16 << 10;

  size_t most_;
  std::atomic<size_t> taken_ = 0;
};

/// A part of the memory that is left, in bytes, for a budget.
/// @param left  nothing: nobody knows. @param most  that it is in any case
inline size_t part_of_memory(std::optional<uint64_t> left, uint64_t parts, size_t most) {
  return left ? static_cast<size_t>(std::clamp<uint64_t>(*left / parts, 1, most)) : most;
}

}  // namespace bernoulli::serve

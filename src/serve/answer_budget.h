#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace bernoulli::serve {

/// The memory of answers that their clients have not taken yet, all together. Any thread may ask.
class AnswerBudget {
 public:
  /// @param most  bytes
  explicit AnswerBudget(size_t most) : most_(most) {}

  /// What one answer takes, given back with it.
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
    ~Share() {
      if (taken_ != nullptr) *taken_ -= bytes_;
    }

   private:
    std::atomic<size_t>* taken_ = nullptr;
    size_t bytes_ = 0;
  };

  /// Whether there is no room for any answer that counts.
  bool is_full() const { return taken_ >= most_; }

  /// Takes the room for an answer; false where there is none. A small one, such as of GET /health, needs
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

}  // namespace bernoulli::serve
